import { createApiClient } from '@authsvc/client';
import { resolveStateFolder } from '@authsvc/client/folders';
import { shell } from '@authsvc/client/shell-command';
import { chooseServer } from '../connection/prepare-command.ts';
import { isLoopback, START_COMMAND } from '../connection/server-url.ts';
import { createTransport } from '../connection/service-errors.ts';
import type { Context } from '../context.ts';
import { type DaemonBody, findLocalDaemon, locateDaemon } from '../daemon/local-daemon.ts';
import type { GlobalOptions } from '../global-options.ts';
import { findAccount, lastUsedEmail } from '../session-store/account-index.ts';
import { createSessionStore } from '../session-store/session-store.ts';
import { createTerminal } from '../terminal/terminal.ts';

/** Bare `authsvc`: what is running, who is logged in, and what to do next. */
export async function showOverview(context: Context, options: GlobalOptions): Promise<void> {
  const terminal = await createTerminal(context, options);
  const { index } = createSessionStore(context.keychain, resolveStateFolder(context.env, context.platform));
  const server = chooseServer(context.env, options, index);
  const daemon = await findDaemonInCharge(context, options, server);
  const url = daemon?.url ?? server;
  const isRunning =
    daemon !== undefined ||
    (await createApiClient({ server, transport: createTransport(context), debug: terminal.debug }).isAlive());
  const account = findAccount(index(), server);
  const fromEnvironment = Boolean(context.env.AUTHSVC_SESSION);

  terminal.printJson({
    daemon: { running: isRunning, url },
    account: account
      ? { email: account.email, server, storage: account.storage, expires_at: account.expires_at }
      : null,
  });
  const { bold, cyan, green, dim } = terminal.paint;
  const state = isRunning ? `${green('●')} running at ${bold(url)}` : `${dim('○')} not running`;
  const who = fromEnvironment ? 'AUTHSVC_SESSION' : account && bold(account.email);
  const nextSteps = () => {
    // Commands use the server used last, unless another is named.
    if (url !== server) return [shell`authsvc register --url ${url}`, shell`authsvc login --url ${url}`];
    if (who !== undefined) return [shell`authsvc profile`];
    const [register, login] = [shell`authsvc register`, shell`authsvc login`];
    return lastUsedEmail(index(), server) === undefined ? [register, login] : [login, register];
  };
  const steps = [...(isRunning || !isLoopback(server) ? [] : [START_COMMAND]), ...nextSteps()];
  terminal.printLines(
    `Daemon: ${state} · Account: ${who ?? 'none'}`,
    who === undefined || !isRunning ? 'Get started:' : 'Next:',
    ...steps.map((step) => `  ${cyan(step)}`),
  );
}

/**
 * Find the daemon of this user's data folder, unless another server was named. A control socket
 * that does not answer counts as none.
 */
async function findDaemonInCharge(
  context: Context,
  options: GlobalOptions,
  server: string,
): Promise<DaemonBody | undefined> {
  const isNamed = options.url !== undefined || Boolean(context.env.AUTHSVC_URL) || !isLoopback(server);
  const daemon = await findLocalDaemon(locateDaemon(context)).catch(() => undefined);
  return daemon?.state === 'running' && (!isNamed || daemon.url === server) ? daemon : undefined;
}
