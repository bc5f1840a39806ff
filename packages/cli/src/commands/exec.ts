import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { Command } from 'commander';
import { getCurrentSession } from '../connection/current-session.ts';
import { prepareCommand } from '../connection/prepare-command.ts';
import type { Context } from '../context.ts';
import { CliError } from '../errors.ts';
import { exitStatus } from '../exit-status.ts';
import type { GlobalOptions } from '../global-options.ts';
import { formatHelp } from '../terminal/help-text.ts';

interface ExecOptions extends GlobalOptions {
  readonly email?: string;
}

/** What shells answer when there is no such program, and when it cannot be run. */
const NOT_FOUND_STATUS = 127;
const NOT_EXECUTABLE_STATUS = 126;

const help = formatHelp({
  examples: [
    ['authsvc exec -- ./import.sh', 'runs a script that never sees the keychain'],
    ["authsvc exec -- sh -c 'authsvc profile --json'", 'authsvc itself uses the session as well'],
  ],
});

/** `authsvc exec -- <command>` */
export function createCommand(context: Context, endWith: (status: number) => void): Command {
  return new Command('exec')
    .description(
      'Run a command with your session in AUTHSVC_SESSION and the server in AUTHSVC_URL; exits with its status',
    )
    .argument('<command...>', 'the command and its arguments, after --')
    .option('--email <email>', 'the account, if not the one used last')
    .addHelpText('after', help)
    .action(async (line: string[], _, command: Command) => {
      endWith(await execute(context, line, command.optsWithGlobals<ExecOptions>()));
    });
}

async function execute(
  context: Context,
  [program = '', ...parameters]: string[],
  options: ExecOptions,
): Promise<number> {
  const setup = await prepareCommand(context, options);
  const session = await getCurrentSession(context, setup, options.email);
  context.keychain.close();
  const env = { ...context.env, AUTHSVC_SESSION: session.token, AUTHSVC_URL: setup.server };
  const child = spawn(program, parameters, { stdio: 'inherit', env });
  // A terminal sends its signals to both; the command decides what they mean.
  const ignored = (['SIGINT', 'SIGQUIT'] as const).map((signal) => [signal, () => undefined] as const);
  const passed = (['SIGTERM', 'SIGHUP'] as const).map((signal) => [signal, () => child.kill(signal)] as const);
  const handlers = [...ignored, ...passed];
  for (const [signal, handler] of handlers) process.on(signal, handler);
  try {
    return await new Promise<number>((resolve, reject) => {
      child.once('error', reject);
      child.once('exit', (status, signal) => resolve(status ?? 128 + (signal ? constants.signals[signal] : 0)));
    });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    setup.terminal.fail(
      new CliError({
        status: exitStatus.unexpected,
        code: 'command_failed',
        what: code === 'ENOENT' ? `There is no program ${program}` : `${program} cannot be run (${code})`,
        cause: error,
      }),
    );
    return code === 'ENOENT' ? NOT_FOUND_STATUS : NOT_EXECUTABLE_STATUS;
  } finally {
    for (const [signal, handler] of handlers) process.off(signal, handler);
  }
}
