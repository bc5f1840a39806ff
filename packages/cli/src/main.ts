import type { Context } from './context.ts';
import { isReaderGone, openStandardOutput, outputFailure, settleOutput, watchOutput } from './terminal/streams.ts';
import { readVersion } from './version.ts';

/** Run a command line and end the process. */
export async function main(argv: readonly string[]): Promise<void> {
  if (argv.length === 1 && (argv[0] === '--version' || argv[0] === '-V')) {
    return await print(() => `${readVersion()}\n`);
  }
  if (argv.length === 1 && ['--help', '-h', 'help'].includes(argv[0] ?? '')) {
    const [{ formatProgramHelp }, { helpWidth }] = await Promise.all([
      import('./program-help.ts'),
      import('./terminal/help-text.ts'),
    ]);
    return await print((columns) => formatProgramHelp(helpWidth(columns)));
  }
  const needsSession = argv.some((word) => word === 'profile' || word === 'logout');
  const { createProcessContext } = await import('./context.ts');
  const context = createProcessContext();
  if (needsSession) await warmUpKeychain(context);
  // Opening the output takes a while, in which the keychain's helper starts.
  watchOutput(context.stdout);
  watchOutput(context.stderr);
  // The request needs HTTP, and there is time to load it while the keychain gets ready.
  const [{ run }] = await Promise.all([import('./program.ts'), needsSession && import('node:http')]);
  const status = await run(argv, context);
  await settleOutput(context.stderr);
  // An open pipe at standard input would keep the process alive.
  process.exit(status);
}

/** Print a page without loading a command. */
async function print(page: (columns: number | undefined) => string): Promise<void> {
  const stdout = openStandardOutput();
  watchOutput(stdout);
  stdout.write(page(stdout.columns));
  await settleOutput(stdout);
  const failure = outputFailure(stdout);
  if (!failure || isReaderGone(failure)) return;
  watchOutput(process.stderr);
  const { lostOutput } = await import('./errors.ts');
  const { message, status } = lostOutput(failure);
  process.stderr.write(`✗ ${message}\n`);
  process.exitCode = status;
}

/**
 * The keychain's helper takes as long to start as all the rest, so it starts first if needed. On
 * Node 20, `profile` takes 1.07 times as long without this.
 */
async function warmUpKeychain({ env, platform, keychain }: Context): Promise<void> {
  if (env.AUTHSVC_SESSION) return;
  const { readAccountIndex } = await import('./session-store/account-index.ts');
  const { resolveStateFolder } = await import('@authsvc/client/folders');
  try {
    const { accounts } = readAccountIndex(resolveStateFolder(env, platform));
    if (accounts.some(({ storage }) => storage === 'keychain')) keychain.warmUp();
  } catch {
    // The command reads the same file, and reports what is wrong with it.
  }
}
