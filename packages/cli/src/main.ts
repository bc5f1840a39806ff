import type { Context } from './context.ts';
import { readVersion } from './version.ts';

const argv = process.argv.slice(2);

if (argv.length === 1 && (argv[0] === '--version' || argv[0] === '-V')) {
  process.stdout.write(`${readVersion()}\n`);
} else {
  // Whoever read the output has gone, as in `authsvc profile | head -0`.
  process.stdout.on('error', () => process.exit());
  const { createProcessContext } = await import('./context.ts');
  const context = createProcessContext();
  if (argv.some((word) => word === 'profile' || word === 'logout')) await warmUpKeychain(context);
  const { run } = await import('./cli.ts');
  const status = await run(argv, context);
  // A pipe that nobody closes, at standard input, would keep the process alive.
  process.exit(status);
}

/** The helper needs as long to start as all the rest together, so it starts first where its answer will be needed. */
async function warmUpKeychain({ env, platform, keychain }: Context): Promise<void> {
  if (env.AUTHSVC_SESSION) return;
  const { readAccountIndex } = await import('./session-store/account-index.ts');
  const { resolveStateFolder } = await import('./session-store/state-folder.ts');
  try {
    const { accounts } = readAccountIndex(resolveStateFolder(env, platform));
    if (accounts.some(({ storage }) => storage === 'keychain')) keychain.warmUp();
  } catch {
    // The command itself will meet the same file, and say what is wrong with it.
  }
}
