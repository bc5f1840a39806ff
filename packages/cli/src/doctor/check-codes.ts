import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { EventListBody } from '@authsvc/client/contract';
import { shell } from '@authsvc/client/shell-command';
import type { Context } from '../context.ts';
import { askDaemon, withQuery } from '../daemon/ask-daemon.ts';
import { type Finding, warning } from './finding.ts';

const DAY_MS = 24 * 60 * 60_000;
/** As many events as the daemon gives at once; older ones are not looked at. */
const NEWEST = '1000';
const LONGEST_LOOK_MS = 2000;

/** Look for codes of a second factor that were refused because they fit another time. */
export async function checkCodes(context: Context): Promise<Finding[]> {
  const since = new Date(context.now() - DAY_MS).toISOString();
  const path = withQuery('/events', { since, newest: 'true', limit: NEWEST });
  // A daemon that cannot answer is another finding.
  const none: EventListBody = { events: [] };
  const { events } = await askDaemon<EventListBody>(context, { method: 'GET', path }).catch(() => none);
  const refused = events.filter(({ type, detail }) => type === 'second_factor_failed' && detail === 'clock');
  const accounts = new Set(refused.map(({ user_id }) => user_id)).size;
  return accounts === 0 ? [] : [judgeCodes(accounts, await findSynchronised())];
}

/**
 * @param accounts how many had such a code refused in the last day.
 * @param isSynchronised whether this clock is; `undefined` where it is not known.
 */
export function judgeCodes(accounts: number, isSynchronised: boolean | undefined): Finding {
  const whose = accounts === 1 ? 'one account' : `${accounts} accounts`;
  const found = `codes of ${whose} that fit another time were refused in the last day`;
  // Several phones are rarely wrong at once.
  if (isSynchronised === false || (isSynchronised === undefined && accounts > 1)) {
    const state = isSynchronised === false ? 'is not synchronised' : 'may be wrong';
    return warning(`${found}, and the clock of this machine ${state}`, {
      say: 'Synchronise it',
      command: shell`timedatectl set-ntp true`,
    });
  }
  return warning(`${found}: they were typed late, or the clock of a phone is wrong`, {
    say: 'See whose',
    command: shell`authsvc audit --since 1d`,
  });
}

/** Whether this clock is synchronised, as far as systemd knows. */
async function findSynchronised(): Promise<boolean | undefined> {
  const args = ['show', '--property=NTPSynchronized', '--value'];
  const answer = await promisify(execFile)('timedatectl', args, { timeout: LONGEST_LOOK_MS }).catch(() => undefined);
  const said = answer?.stdout.trim();
  return said === 'yes' || said === 'no' ? said === 'yes' : undefined;
}
