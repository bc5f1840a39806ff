import { ApiRefusal } from '@authsvc/client';
import { shell } from '@authsvc/client/shell-command';
import { Command } from 'commander';
import { type CurrentSession, getCurrentSession, sendAs } from '../connection/current-session.ts';
import { type CommandSetup, prepareCommand } from '../connection/prepare-command.ts';
import type { Context } from '../context.ts';
import { CliError, usageError } from '../errors.ts';
import { exitStatus } from '../exit-status.ts';
import type { GlobalOptions } from '../global-options.ts';
import { stripBlanks } from '../terminal/answers.ts';
import { formatHelp } from '../terminal/help-text.ts';
import { formatTable } from '../terminal/table.ts';
import { describeDate, describeTimeSince } from '../terminal/times.ts';

interface SessionsOptions extends GlobalOptions {
  readonly email?: string;
  readonly others?: boolean;
}

interface ListedSession {
  readonly id: string;
  readonly created_at: string;
  readonly last_used_at: string;
  readonly address: string;
  readonly user_agent: string | null;
  readonly current: boolean;
}

/** What has completed a login to the account; it opens nothing by itself. */
interface ListedDevice {
  readonly id: string;
  readonly created_at: string;
  readonly last_login_at: string;
  readonly address: string;
  readonly user_agent: string | null;
  readonly current: boolean;
}

/** How much of an id is shown: enough for a person to tell sessions apart. */
const SHORT_ID_LENGTH = 8;

const listHelp = formatHelp({
  examples: [
    ['authsvc sessions', 'lists your open sessions, the one used last first, and your known devices'],
    ['authsvc sessions revoke 3f2a9c1b', 'ends one of them; the beginning of its id is enough'],
    ['authsvc sessions revoke --others', 'ends every one but this, and forgets every other device'],
    ['authsvc sessions forget 8c1d04e7', 'forgets a device'],
  ],
  json: [
    '{"sessions":[{"id":"3f2a9c1b-…","created_at":"2026-11-22T16:40:00.000Z","last_used_at":"2026-11-22T16:40:00.000Z","address":"127.0.0.1","user_agent":"authsvc","current":true}],"devices":[{"id":"8c1d04e7-…","created_at":"2026-11-22T16:40:00.000Z","last_login_at":"2026-11-22T16:40:00.000Z","address":"127.0.0.1","user_agent":"authsvc","current":true}]}',
  ],
});

const revokeHelp = formatHelp({
  examples: [
    ['authsvc sessions revoke 3f2a9c1b', 'ends one session'],
    ['authsvc sessions revoke --others', 'ends every one but this, and forgets every other device'],
  ],
  json: [
    '{"ended":1}',
    'ended is how many sessions; with --others:',
    '{"ended":2,"forgotten":1}',
    'forgotten is how many devices',
  ],
});

const forgetHelp = formatHelp({
  examples: [['authsvc sessions forget 8c1d04e7', 'the beginning of its id is enough, as authsvc sessions lists it']],
  json: ['{"forgotten":1}'],
});

/** `authsvc sessions` */
export function createCommand(context: Context): Command {
  const revoke = new Command('revoke')
    .description('End sessions')
    .argument('[id]', 'the session, or the beginning of its id')
    .option('--others', 'every session but this one; every other known device is forgotten')
    .option('--email <email>', 'the account, if not the one used last')
    .addHelpText('after', revokeHelp)
    .action((id: string | undefined, _, command: Command) =>
      revokeSessions(context, id, command.optsWithGlobals<SessionsOptions>()),
    );
  const forget = new Command('forget')
    .description('Forget a known device: its next login is as from a new one, and its sessions stay open')
    .argument('<id>', 'the device, or the beginning of its id')
    .option('--email <email>', 'the account, if not the one used last')
    .addHelpText('after', forgetHelp)
    .action((id: string, _, command: Command) => forgetDevice(context, id, command.optsWithGlobals<SessionsOptions>()));
  return new Command('sessions')
    .description('List your open sessions and known devices, or end them')
    .option('--email <email>', 'the account, if not the one used last')
    .addHelpText('after', listHelp)
    .action((_, command: Command) => listSessions(context, command.optsWithGlobals<SessionsOptions>()))
    .addCommand(revoke)
    .addCommand(forget);
}

async function listSessions(context: Context, options: SessionsOptions): Promise<void> {
  const setup = await prepareCommand(context, options);
  const { terminal } = setup;
  const session = await getSessionAndDevice(context, setup, options.email);
  const sessions = await readSessions(setup, session);
  const devices = await readDevices(setup, session);
  terminal.printJson({ sessions, devices });
  const { green, dim, bold } = terminal.paint;
  const markOf = (isCurrent: boolean) => (isCurrent ? { text: '●', paint: green } : { text: '○', paint: dim });
  terminal.printLines(
    ...formatTable(
      sessions.map(({ id, current, address, user_agent, last_used_at, created_at }) => [
        markOf(current),
        { text: id.slice(0, SHORT_ID_LENGTH), paint: bold },
        current ? 'this session' : `used ${describeTimeSince(last_used_at, context.now())}`,
        `since ${describeDate(created_at)}`,
        address,
        { text: user_agent ?? '', paint: dim },
      ]),
    ),
  );
  if (devices.length === 0) return;
  terminal.printLines(
    '',
    'Known devices',
    ...formatTable(
      devices.map(({ id, current, address, user_agent, last_login_at }) => [
        markOf(current),
        { text: id.slice(0, SHORT_ID_LENGTH), paint: bold },
        current ? 'this device' : '',
        `logged in ${describeTimeSince(last_login_at, context.now())}`,
        address,
        { text: user_agent ?? '', paint: dim },
      ]),
    ),
  );
}

async function revokeSessions(context: Context, id: string | undefined, options: SessionsOptions): Promise<void> {
  const setup = await prepareCommand(context, options);
  const { terminal } = setup;
  if ((id === undefined) === (options.others !== true)) {
    throw usageError('Say which: the id of a session, or --others', { next: listThem });
  }
  const session = await getSessionAndDevice(context, setup, options.email);
  if (id === undefined) {
    const forgotten = (await readDevices(setup, session)).filter(({ current }) => !current).length;
    const { ended } = await sendAs(setup, session, 'DELETE', '/sessions/others');
    terminal.printJson({ ended, forgotten });
    terminal.succeed(
      `Ended ${ended} ${ended === 1 ? 'session' : 'sessions'}; this one stays open`,
      ...(forgotten > 0 ? [`Forgot ${forgotten} other known ${forgotten === 1 ? 'device' : 'devices'}`] : []),
    );
    return;
  }
  const found = findByPrefix('session', await readSessions(setup, session), id);
  await sendAs(setup, session, 'DELETE', `/sessions/${encodeURIComponent(found.id)}`);
  if (found.current && session.account) await setup.store.forget(session.account);
  terminal.printJson({ ended: 1 });
  terminal.succeed(`Ended the session ${terminal.notePaint.bold(found.id.slice(0, SHORT_ID_LENGTH))}`);
}

async function forgetDevice(context: Context, id: string, options: SessionsOptions): Promise<void> {
  const setup = await prepareCommand(context, options);
  const { terminal, devices } = setup;
  const session = await getSessionAndDevice(context, setup, options.email);
  const found = findByPrefix('known device', await readDevices(setup, session), id);
  await sendAs(setup, session, 'DELETE', `/profile/devices/${encodeURIComponent(found.id)}`);
  if (found.current && session.account) await devices.forget(session.account);
  terminal.printJson({ forgotten: 1 });
  terminal.succeed(`Forgot the device ${terminal.notePaint.bold(found.id.slice(0, SHORT_ID_LENGTH))}`);
}

/** The session, with the token by which the service knows this device in its list. */
async function getSessionAndDevice(context: Context, setup: CommandSetup, email: string | undefined) {
  const session = await getCurrentSession(context, setup, email);
  const deviceToken = session.account && (await setup.devices.find(session.account));
  return { ...session, deviceToken };
}

async function readSessions(setup: CommandSetup, session: CurrentSession): Promise<readonly ListedSession[]> {
  const { sessions } = await sendAs(setup, session, 'GET', '/sessions');
  return sessions as readonly ListedSession[];
}

/** @returns none for a service of before there were known devices. */
async function readDevices(setup: CommandSetup, session: CurrentSession): Promise<readonly ListedDevice[]> {
  try {
    const { devices } = await sendAs(setup, session, 'GET', '/profile/devices');
    return devices as readonly ListedDevice[];
  } catch (error) {
    if (error instanceof ApiRefusal && error.code === 'not_found') return [];
    throw error;
  }
}

const listThem = { say: 'List them', command: shell`authsvc sessions` };

function findByPrefix<Listed extends { readonly id: string }>(
  what: string,
  listed: readonly Listed[],
  typed: string,
): Listed {
  const prefix = stripBlanks(typed);
  const notFound = (problem: string) =>
    new CliError({ status: exitStatus.refused, code: 'not_found', what: problem, next: listThem });
  if (prefix === '') throw notFound(`This id of a ${what} is empty`);
  const [found, second] = listed.filter(({ id }) => id.startsWith(prefix.toLowerCase()));
  if (!found) throw notFound(`You have no ${what} ${prefix}`);
  if (second) throw notFound(`Several of your ${what}s begin with ${prefix}`);
  return found;
}
