import { Command, CommanderError } from 'commander';
import { ApiRefusal } from './api-refusal.ts';
import { CliError } from './cli-error.ts';
import type { Context } from './context.ts';
import { exitStatus } from './exit-status.ts';
import type { GlobalOptions } from './global-options.ts';
import { DEFAULT_SERVER } from './server-url.ts';
import { createTerminal } from './terminal.ts';
import { readVersion } from './version.ts';

interface CommandModule {
  createCommand(context: Context, endWith: (status: number) => void): Command;
}

interface CommandEntry {
  readonly name: string;
  readonly summary: string;
  /** Only the command that is run, or whose help is asked for, is loaded. */
  readonly load: () => Promise<CommandModule>;
  /** Does nothing by itself: what it is called with names one of its own commands, and without that it shows them. */
  readonly isGroup?: true;
}

const commands: readonly CommandEntry[] = [
  { name: 'register', summary: 'Create an account', load: () => import('./commands/register.ts') },
  {
    name: 'login',
    summary: 'Log in, and keep the session in the system keychain',
    load: () => import('./commands/login.ts'),
  },
  { name: 'logout', summary: 'End the session and forget it', load: () => import('./commands/logout.ts') },
  { name: 'profile', summary: 'Show who is logged in', load: () => import('./commands/profile.ts') },
  { name: 'reset', summary: 'Choose a new password, with a reset token', load: () => import('./commands/reset.ts') },
  {
    name: 'sessions',
    summary: 'List your open sessions, or end them',
    load: () => import('./commands/sessions.ts'),
  },
  { name: 'password', summary: 'Change your password', load: () => import('./commands/password.ts') },
  { name: 'email', summary: 'Change your email', load: () => import('./commands/email.ts') },
  { name: 'delete', summary: 'Delete your account', load: () => import('./commands/delete.ts') },
  {
    name: 'exec',
    summary: 'Run a command with your session in AUTHSVC_SESSION',
    load: () => import('./commands/exec.ts'),
  },
  {
    name: 'daemon',
    summary: 'Run the service in the background',
    load: () => import('./commands/daemon.ts'),
    isGroup: true,
  },
  { name: 'serve', summary: 'Run the service in the foreground', load: () => import('./commands/serve.ts') },
];

const exitStatuses = `
Exit statuses:
  0 done, 1 unexpected, 2 usage or a missing answer, 3 daemon unreachable, 4 not logged in or wrong password,
  5 refused, 6 try again later, 7 keychain unavailable or locked, 130 Ctrl-C`;

/** The program without its commands: the options that each of them takes, and how it speaks. */
function createProgram(context: Context): Command {
  return new Command('authsvc')
    .description('Email and password accounts for your own applications')
    .usage('[command] [options]')
    .version(readVersion(), '-V, --version', 'show the version')
    .helpOption('-h, --help', 'show this help')
    .helpCommand('help [command]', 'show the help of a command')
    .option('--url <url>', `the server (AUTHSVC_URL; otherwise the one used last, or ${DEFAULT_SERVER})`)
    .option('--json', 'print one JSON value on standard output, and nothing else')
    .option('--no-input', 'ask nothing: fail when an answer is missing')
    .option('--no-color', 'no colours and no escape sequences (NO_COLOR)')
    .option('--debug', 'say on standard error what is done; never a secret')
    .option('--insecure-http', 'send passwords over plain http to another machine all the same')
    .addHelpText('after', exitStatuses)
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({
      writeOut: (text) => context.stdout.write(text),
      writeErr: () => undefined,
      outputError: () => undefined,
    })
    .exitOverride();
}

/**
 * Runs one command line.
 *
 * @param argv what follows the name of the program.
 * @returns the exit status; whatever went wrong has been said.
 */
export async function run(argv: readonly string[], context: Context): Promise<number> {
  const program = createProgram(context);
  let status: number = exitStatus.done;
  try {
    const { operands, unknown } = program.parseOptions([...argv]);
    if (operands.length === 0 && unknown.length === 0 && !argv.includes('-V') && !argv.includes('--version')) {
      const { showOverview } = await import('./commands/overview.ts');
      await showOverview(context, program.opts<GlobalOptions>());
    } else {
      const [first, second] = operands;
      const wanted = first === 'help' ? second : first;
      for (const entry of commands) {
        const command =
          entry.name === wanted
            ? (await entry.load()).createCommand(context, (ended) => {
                status = ended;
              })
            : new Command(entry.name).description(entry.summary);
        program.addCommand(inherit(command, program));
      }
      const isBareGroup = second === undefined && commands.some(({ name, isGroup }) => isGroup && name === first);
      await program.parseAsync(isBareGroup ? [...argv, '--help'] : [...argv], { from: 'user' });
    }
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return exitStatus.done;
    return await tell(error, context, program.opts<GlobalOptions>());
  } finally {
    context.keychain.close();
  }
  return status;
}

function inherit(command: Command, parent: Command): Command {
  command.copyInheritedSettings(parent);
  for (const inner of command.commands) inherit(inner, command);
  return command;
}

async function tell(error: unknown, context: Context, options: GlobalOptions): Promise<number> {
  const terminal = await createTerminal(context, options);
  const end = toCliError(error);
  terminal.fail(end);
  for (let cause: unknown = error; cause instanceof Error; cause = cause.cause)
    terminal.debug(cause.stack ?? cause.message);
  return end.status;
}

function toCliError(error: unknown): CliError {
  if (error instanceof CliError) return error;
  if (error instanceof ApiRefusal) return error.toCliError();
  // Commander shows its help for a command that it does not know, and says nothing else.
  if (error instanceof CommanderError && error.code === 'commander.help') return usageError('There is no such command');
  if (error instanceof CommanderError) return usageError(error.message);
  return new CliError({
    status: exitStatus.unexpected,
    code: 'unexpected',
    what: 'Something unexpected happened',
    why: error instanceof Error ? `${error.message}.` : String(error),
    next: { say: 'For more, run the command again with --debug' },
    cause: error,
  });
}

/** What commander says on one line or two: the mistake, and perhaps what was meant. */
function usageError(message: string): CliError {
  const [mistake = '', suggestion] = message.split('\n');
  const meant = suggestion && /\(Did you mean (.+)\?\)/.exec(suggestion)?.[1];
  // A value is not repeated: somebody may have tried to pass a password.
  const what = mistake.replace(/^error: /, '').replace(/(--?[\w-]+)=[^']*/, '$1');
  return new CliError({
    status: exitStatus.usage,
    code: 'usage',
    what: what.charAt(0).toUpperCase() + what.slice(1),
    ...(meant && { why: `Did you mean ${meant}?` }),
    next: { say: 'See', command: 'authsvc --help' },
  });
}
