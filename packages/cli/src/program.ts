import { shell } from '@authsvc/client/shell-command';
import { Command, CommanderError } from 'commander';
import { type CommandEntry, commands, DESCRIBES_ALL, OPERATORS, SERVICE } from './command-list.ts';
import { toServiceError } from './connection/service-errors.ts';
import type { Context } from './context.ts';
import { CliError, lostOutput, toPathError, upperFirst, usageError } from './errors.ts';
import { exitStatus } from './exit-status.ts';
import { type GlobalOptions, globalOptions, HELP_COMMAND, HELP_OPTION, VERSION_OPTION } from './global-options.ts';
import { helpWidth } from './terminal/help-text.ts';
import { isReaderGone, outputFailure, settleOutput, watchOutput } from './terminal/streams.ts';
import { createTerminal, releaseKeyboard } from './terminal/terminal.ts';
import { readVersion } from './version.ts';

/** The program without its commands: global options and output. */
function createProgram(context: Context): Command {
  const program = new Command('authsvc')
    .version(readVersion(), ...VERSION_OPTION)
    .helpOption(...HELP_OPTION)
    .helpCommand(...HELP_COMMAND)
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({
      writeOut: (text) => context.stdout.write(text),
      writeErr: () => undefined,
      getOutHelpWidth: () => helpWidth(context.stdout.columns),
      outputError: () => undefined,
    })
    .exitOverride();
  for (const [flags, description] of globalOptions) program.option(flags, description);
  return program;
}

/** Replace commander's help page of the program itself. */
async function describeProgram(program: Command, { stdout }: Context): Promise<void> {
  const { formatProgramHelp } = await import('./program-help.ts');
  program.helpInformation = () => formatProgramHelp(helpWidth(stdout.columns));
}

/** The program with every command loaded, for tests. */
export async function createWholeProgram(context: Context): Promise<Command> {
  const program = createProgram(context);
  await addCommands(program, context, () => true);
  return program;
}

async function addCommands(
  program: Command,
  context: Context,
  isNeeded: (entry: CommandEntry) => boolean,
  listed = commands,
  endWith: (status: number) => void = () => undefined,
): Promise<void> {
  for (const entry of listed) {
    const command = isNeeded(entry)
      ? (await entry.load()).createCommand(context, endWith)
      : new Command(entry.name).description(entry.summary);
    program.addCommand(inherit(command, program));
  }
}

/**
 * Run one command line.
 *
 * @param argv without the name of the program.
 * @returns the exit status, after reporting any error.
 */
export async function run(argv: readonly string[], context: Context): Promise<number> {
  const program = createProgram(context);
  watchOutput(context.stdout);
  watchOutput(context.stderr);
  let status: number = exitStatus.done;
  /** False for the service, which outlives its output. */
  let hasResults = true;
  const endWith = (ended: number) => {
    status = ended;
  };
  try {
    const { operands, unknown } = program.parseOptions([...argv]);
    if (operands.length === 0 && unknown.length === 0 && !argv.includes('-V') && !argv.includes('--version')) {
      const { showOverview } = await import('./commands/overview.ts');
      await showOverview(context, program.opts<GlobalOptions>());
    } else {
      const [first, second] = operands;
      const wanted = first === 'help' ? second : first;
      if (wanted === undefined) await describeProgram(program, context);
      const isNeeded = ({ name }: CommandEntry) => name === wanted || first === DESCRIBES_ALL;
      // Add all commands only if this one is unknown, so that commander can suggest the nearest.
      hasResults = first !== SERVICE;
      const isKnown = first === wanted && commands.some(({ name }) => name === wanted);
      const words = askForHelp(argv, operands);
      const acting = await findActing(context, words, operands, argv);
      await addCommands(program, acting, isNeeded, isKnown ? commands.filter(isNeeded) : commands, endWith);
      await program.parseAsync(words, { from: 'user' });
    }
  } catch (error) {
    // A help page is a result like any other.
    if (!(error instanceof CommanderError && error.exitCode === 0))
      return await report(error, context, program.opts<GlobalOptions>());
    hasResults = true;
  } finally {
    releaseKeyboard(context);
    context.keychain.close();
  }
  return hasResults ? await deliver(status, context, program.opts<GlobalOptions>()) : status;
}

/** The context of a command of the operator, which may be that of the system's service. */
async function findActing(
  context: Context,
  words: readonly string[],
  operands: readonly string[],
  argv: readonly string[],
): Promise<Context> {
  const isHelp = words.some((word) => word === '--help' || word === '-h');
  if (isHelp || !OPERATORS.includes(operands[0] ?? '')) return context;
  const { actForSystemService } = await import('./daemon/system-service.ts');
  return actForSystemService(context, operands, argv);
}

/** Flush the results: a command is done only when they are written. */
async function deliver(status: number, context: Context, options: GlobalOptions): Promise<number> {
  try {
    await (await createTerminal(context, options)).flush();
    return status;
  } catch (error) {
    return await report(error, context, options);
  }
}

/** A group alone shows its help; commander's own `help` does not know the commands of a group. */
function askForHelp(argv: readonly string[], operands: readonly string[]): string[] {
  const [first, second, third] = operands;
  const isBareGroup = second === undefined && commands.some(({ name, isGroup }) => isGroup && name === first);
  if (isBareGroup) return [...argv, '--help'];
  return first === 'help' && third !== undefined ? [...operands.slice(1), '--help'] : [...argv];
}

function inherit(command: Command, parent: Command): Command {
  command.copyInheritedSettings(parent);
  for (const inner of command.commands) inherit(inner, command);
  return command;
}

async function report(error: unknown, context: Context, options: GlobalOptions): Promise<number> {
  const terminal = await createTerminal(context, options);
  const end = toCliError(error);
  const isLost = end.code === 'output_lost';
  // What is shown once must not get lost in silence.
  if (isLost && end.why === undefined && isReaderGone(end.cause as Error)) return exitStatus.done;
  terminal.fail(end);
  await settleOutput(context.stdout);
  const failure = outputFailure(context.stdout);
  // With --json the error itself is a result.
  if (terminal.isJson && failure && !isLost && !isReaderGone(failure)) {
    const { fail } = await createTerminal(context, { ...options, json: false });
    fail(end);
    fail(lostOutput(failure));
  }
  for (let cause: unknown = error; cause instanceof Error; cause = cause.cause)
    terminal.debug(cause.stack ?? cause.message);
  return end.status;
}

function toCliError(error: unknown): CliError {
  if (error instanceof CliError) return error;
  const serviceError = toServiceError(error);
  if (serviceError) return serviceError;
  // commander shows its help for an unknown command, and no message.
  if (error instanceof CommanderError && error.code === 'commander.help') return mistakeOf('There is no such command');
  if (error instanceof CommanderError) return mistakeOf(error.message);
  const pathError = toPathError(error);
  if (pathError) return pathError;
  return new CliError({
    status: exitStatus.unexpected,
    code: 'unexpected',
    what: 'Something unexpected happened',
    why: error instanceof Error ? `${error.message}.` : String(error),
    next: { say: 'For more, run the command again with --debug' },
    cause: error,
  });
}

/** From commander's message: the mistake and, on a second line, what may have been meant. */
function mistakeOf(message: string): CliError {
  const [mistake = '', suggestion] = message.split('\n');
  const meant = suggestion && /\(Did you mean (.+)\?\)/.exec(suggestion)?.[1];
  // Do not repeat a value: it may be a password.
  const what = mistake.replace(/^error: /, '').replace(/(--?[\w-]+)=[^']*/, '$1');
  return usageError(upperFirst(what), {
    why: meant && `Did you mean ${meant}?`,
    next: { say: 'See', command: shell`authsvc --help` },
  });
}
