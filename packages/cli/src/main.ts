import type { Context } from './context.ts';
import { readVersion } from './version.ts';

/** The program: does what its command line says, and ends the process. */
export async function main(argv: readonly string[]): Promise<void> {
  if (argv.length === 1 && (argv[0] === '--version' || argv[0] === '-V')) {
    process.stdout.write(`${readVersion()}\n`);
    return;
  }
  if (argv.length === 1 && ['--help', '-h', 'help'].includes(argv[0] ?? '')) {
    endWithReader();
    const [{ formatProgramHelp }, { helpWidth }] = await Promise.all([
      import('./program-help.ts'),
      import('./commands/help-text.ts'),
    ]);
    process.stdout.write(formatProgramHelp(helpWidth(process.stdout.columns)));
    return;
  }
  const needsSession = argv.some((word) => word === 'profile' || word === 'logout');
  const context = await (needsSession ? createWarmContext() : createContext());
  // Opening the output takes a while, which the keychain's helper uses to start.
  endWithReader();
  // What will be sent needs HTTP, and there is time to load it while the keychain gets ready.
  const [{ run }] = await Promise.all([import('./cli.ts'), needsSession && import('node:http')]);
  const status = await run(argv, context);
  await Promise.all([process.stdout, process.stderr].map(taken));
  // A pipe that nobody closes, at standard input, would keep the process alive.
  process.exit(status);
}

/** Resolves once all that was written is out of our hands: what a slow reader has not taken yet would be lost with the process. */
function taken(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise<void>((resolve) => {
    if (stream.writableLength === 0) return resolve();
    stream.once('error', () => resolve());
    stream.write('', () => resolve());
  });
}

/** Whoever read the output has gone, as in `authsvc profile | head -0`. */
function endWithReader(): void {
  process.stdout.on('error', () => process.exit());
}

async function createContext(): Promise<Context> {
  const { createProcessContext } = await import('./context.ts');
  return createProcessContext();
}

/** The keychain's helper needs as long to start as all the rest together, so it starts first where its answer will be needed. */
async function createWarmContext(): Promise<Context> {
  const [context, { readAccountIndex }, { resolveStateFolder }] = await Promise.all([
    createContext(),
    import('./session-store/account-index.ts'),
    import('./session-store/state-folder.ts'),
  ]);
  const { env, platform, keychain } = context;
  if (env.AUTHSVC_SESSION) return context;
  try {
    const { accounts } = readAccountIndex(resolveStateFolder(env, platform));
    if (accounts.some(({ storage }) => storage === 'keychain')) keychain.warmUp();
  } catch {
    // The command itself will meet the same file, and say what is wrong with it.
  }
  return context;
}
