import { existsSync } from 'node:fs';
import { shell } from '@authsvc/client/shell-command';
import type { Context } from '../context.ts';
import { shortPath } from '../daemon/local-daemon.ts';
import { describeDate, describeTimeSince } from '../terminal/times.ts';
import { type Finding, ok, warning } from './finding.ts';

/** One night may be missed. */
const STALE_MS = 2 * 24 * 60 * 60_000;
/** The daemon noted the time by this clock, which may have been put right a little. */
const TOLERATED_MS = 60 * 60_000;

const remedy = {
  say: 'Back up every night, by cron or systemd',
  command: shell`authsvc backup --dir FOLDER --keep 14`,
};

/**
 * Look how old the last backup is. Only backups that the daemon made are known.
 *
 * @param recordPath where the data folder remembers it.
 */
export async function checkBackup(
  { now, env }: Pick<Context, 'now' | 'env'>,
  recordPath: string,
  databasePath: string,
): Promise<Finding | []> {
  const { findLastBackup } = await import('@authsvc/server');
  const last = findLastBackup(recordPath, databasePath);
  if (!last) {
    const { hasAccounts } = await import('@authsvc/core');
    try {
      const isNeeded = await hasAccounts(databasePath);
      return isNeeded ? warning('none is known of this database', remedy) : ok('none yet, and no account to lose');
    } catch {
      // Another check says why the database cannot be read.
      return [];
    }
  }
  const where = shortPath(last.path, env);
  if (Date.parse(last.at) > now() + TOLERATED_MS) {
    return warning(
      `the last one is of ${describeDate(last.at)}, which is still to come: the clock was set back`,
      remedy,
    );
  }
  const found = `the last one ${describeAge(last.at, now())}: ${where}${existsSync(last.path) ? '' : ', no longer there'}`;
  return now() - Date.parse(last.at) > STALE_MS ? warning(found, remedy) : ok(found);
}

function describeAge(at: string, nowMs: number): string {
  const since = describeTimeSince(at, nowMs);
  return since === 'now' ? 'was made just now' : `was made ${since}`;
}
