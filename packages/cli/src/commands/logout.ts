import { ApiRefusal } from '@authsvc/client';
import { Command } from 'commander';
import { type CurrentSession, findCurrentSession } from '../connection/current-session.ts';
import { type CommandSetup, prepareCommand } from '../connection/prepare-command.ts';
import { toServiceError } from '../connection/service-errors.ts';
import type { Context } from '../context.ts';
import { CliError } from '../errors.ts';
import type { GlobalOptions } from '../global-options.ts';
import { checkEmailOption } from '../terminal/answers.ts';
import { formatHelp } from '../terminal/help-text.ts';

interface LogoutOptions extends GlobalOptions {
  readonly email?: string;
}

const help = formatHelp({
  examples: [
    ['authsvc logout', 'ends the session of the account used last'],
    ['authsvc logout --email ada@example.com', 'ends the session of that account'],
  ],
  json: [
    '{"email":"ada@example.com","server":"http://127.0.0.1:4100","ended":true}',
    'ended is false when there was no session to end; email is null when it is not known',
  ],
});

/** `authsvc logout` */
export function createCommand(context: Context): Command {
  return new Command('logout')
    .description('End the session and forget it')
    .option('--email <email>', 'the account, if not the one used last')
    .addHelpText('after', help)
    .action((_, command: Command) => logOut(context, command.optsWithGlobals<LogoutOptions>()));
}

async function logOut(context: Context, options: LogoutOptions): Promise<void> {
  const setup = await prepareCommand(context, options);
  const { terminal, server } = setup;
  checkEmailOption(options.email);
  const session = await findCurrentSession(context, setup, options.email);
  const email = session?.account?.email ?? options.email ?? null;
  if (!session) {
    terminal.printJson({ email, server, ended: false });
    terminal.succeed(`You are not logged in to ${terminal.notePaint.bold(server)}`);
    return;
  }
  const ended = await endAndForget(setup, session);
  terminal.printJson({ email, server, ended });
  const who = email === null ? 'of AUTHSVC_SESSION' : `of ${terminal.notePaint.bold(email)}`;
  terminal.succeed(ended ? `Logged out: the session ${who} has ended` : `The session ${who} had ended already`);
}

/** @returns whether the session was still open. */
async function endAndForget({ client, store }: CommandSetup, session: CurrentSession): Promise<boolean> {
  const forget = async () => session.account && (await store.forget(session.account));
  try {
    await client.logOut(session);
  } catch (error) {
    await forget();
    if (error instanceof ApiRefusal && error.code === 'unauthenticated') return false;
    throw notEnded(error, session);
  }
  await forget();
  return true;
}

/** The service did not end the session: it may live on there until it expires. */
function notEnded(error: unknown, session: CurrentSession): unknown {
  const reason = toServiceError(error) ?? error;
  if (!(reason instanceof CliError)) return error;
  const here = session.account ? 'The session is forgotten here' : 'The session in AUTHSVC_SESSION was not ended';
  return new CliError({
    status: reason.status,
    code: reason.code,
    what: reason.message,
    why: `${here}, but the server may still honour it until it expires.`,
    ...(reason.next && { next: reason.next }),
    cause: error,
  });
}
