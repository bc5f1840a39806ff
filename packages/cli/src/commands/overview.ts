import { createApiClient } from '../api-client.ts';
import { chooseServer } from '../connection.ts';
import type { Context } from '../context.ts';
import type { GlobalOptions } from '../global-options.ts';
import { isLoopback } from '../server-url.ts';
import { findAccount } from '../session-store/account-index.ts';
import { createSessionStore } from '../session-store/session-store.ts';
import { resolveStateFolder } from '../session-store/state-folder.ts';
import { START_COMMAND } from '../start-command.ts';
import { createTerminal } from '../terminal.ts';

/** Bare `authsvc`: what is running, who is logged in, and what to do next. */
export async function showOverview(context: Context, options: GlobalOptions): Promise<void> {
  const terminal = await createTerminal(context, options);
  const { index } = createSessionStore(context.keychain, resolveStateFolder(context.env, context.platform));
  const server = chooseServer(context.env, options, index);
  const isRunning = await createApiClient({ server, debug: terminal.debug }).isAlive();
  const account = findAccount(index(), server);
  const fromEnvironment = Boolean(context.env.AUTHSVC_SESSION);

  terminal.printJson({
    daemon: { running: isRunning, url: server },
    account: account
      ? { email: account.email, server, storage: account.storage, expires_at: account.expires_at }
      : null,
  });
  const { bold, cyan, green, dim } = terminal.paint;
  const daemon = isRunning ? `${green('●')} running at ${bold(server)}` : `${dim('○')} not running`;
  const who = fromEnvironment ? 'AUTHSVC_SESSION' : account && bold(account.email);
  const steps = [
    ...(isRunning || !isLoopback(server) ? [] : [START_COMMAND]),
    ...(who === undefined ? ['authsvc register', 'authsvc login'] : ['authsvc profile']),
  ];
  terminal.printLines(
    `Daemon: ${daemon} · Account: ${who ?? 'none'}`,
    who === undefined || !isRunning ? 'Get started:' : 'Next:',
    ...steps.map((step) => `  ${cyan(step)}`),
  );
}
