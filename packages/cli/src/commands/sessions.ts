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

/** How much of an id is shown: enough for a person to tell sessions apart. */
const SHORT_ID_LENGTH = 8;

const listHelp = formatHelp({
  examples: [
    ['authsvc sessions', 'lists your open sessions, the one used last first'],
    ['authsvc sessions revoke 3f2a9c1b', 'ends one of them; the beginning of its id is enough'],
    ['authsvc sessions revoke --others', 'ends every one but this'],
  ],
  json: [
    '{"sessions":[{"id":"3f2a9c1b-…","created_at":"2026-11-22T16:40:00.000Z","last_used_at":"2026-11-22T16:40:00.000Z","address":"127.0.0.1","user_agent":"authsvc","current":true}]}',
  ],
});

const revokeHelp = formatHelp({
  examples: [
    ['authsvc sessions revoke 3f2a9c1b', 'ends one session'],
    ['authsvc sessions revoke --others', 'ends every one but this'],
  ],
  json: ['{"ended":1}', 'ended is how many sessions'],
});

/** `authsvc sessions` */
export function createCommand(context: Context): Command {
  const revoke = new Command('revoke')
    .description('End sessions')
    .argument('[id]', 'the session, or the beginning of its id')
    .option('--others', 'every session but this one')
    .option('--email <email>', 'the account, if not the one used last')
    .addHelpText('after', revokeHelp)
    .action((id: string | undefined, _, command: Command) =>
      revokeSessions(context, id, command.optsWithGlobals<SessionsOptions>()),
    );
  return new Command('sessions')
    .description('List your open sessions, or end them')
    .option('--email <email>', 'the account, if not the one used last')
    .addHelpText('after', listHelp)
    .action((_, command: Command) => listSessions(context, command.optsWithGlobals<SessionsOptions>()))
    .addCommand(revoke);
}

async function listSessions(context: Context, options: SessionsOptions): Promise<void> {
  const setup = await prepareCommand(context, options);
  const { terminal } = setup;
  const session = await getCurrentSession(context, setup, options.email);
  const sessions = await readSessions(setup, session);
  terminal.printJson({ sessions });
  const { green, dim, bold } = terminal.paint;
  terminal.printLines(
    ...formatTable(
      sessions.map(({ id, current, address, user_agent, last_used_at, created_at }) => [
        current ? { text: '●', paint: green } : { text: '○', paint: dim },
        { text: id.slice(0, SHORT_ID_LENGTH), paint: bold },
        current ? 'this session' : `used ${describeTimeSince(last_used_at, context.now())}`,
        `since ${describeDate(created_at)}`,
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
    throw usageError('Say which: the id of a session, or --others', {
      next: { say: 'List them', command: shell`authsvc sessions` },
    });
  }
  const session = await getCurrentSession(context, setup, options.email);
  if (id === undefined) {
    const { ended } = await sendAs(setup, session, 'DELETE', '/sessions/others');
    terminal.printJson({ ended });
    terminal.succeed(`Ended ${ended} ${ended === 1 ? 'session' : 'sessions'}; this one stays open`);
    return;
  }
  const found = findByPrefix(await readSessions(setup, session), id);
  await sendAs(setup, session, 'DELETE', `/sessions/${encodeURIComponent(found.id)}`);
  if (found.current && session.account) await setup.store.forget(session.account);
  terminal.printJson({ ended: 1 });
  terminal.succeed(`Ended the session ${terminal.notePaint.bold(found.id.slice(0, SHORT_ID_LENGTH))}`);
}

async function readSessions(setup: CommandSetup, session: CurrentSession): Promise<readonly ListedSession[]> {
  const { sessions } = await sendAs(setup, session, 'GET', '/sessions');
  return sessions as readonly ListedSession[];
}

function findByPrefix(sessions: readonly ListedSession[], typed: string): ListedSession {
  const prefix = stripBlanks(typed);
  const [found, second] = sessions.filter(({ id }) => id.startsWith(prefix.toLowerCase()));
  if (found && !second && prefix !== '') return found;
  throw new CliError({
    status: exitStatus.refused,
    code: 'not_found',
    what: found ? `Several of your sessions begin with ${prefix}` : `You have no session ${prefix}`,
    next: { say: 'List them', command: shell`authsvc sessions` },
  });
}
