import { shell } from '@authsvc/client/shell-command';
import { START_COMMAND } from '../connection/server-url.ts';
import { createTransport } from '../connection/service-errors.ts';
import type { Context } from '../context.ts';
import { type DaemonBody, locateDaemon } from '../daemon/local-daemon.ts';
import { isSystemService, startCommand } from '../daemon/system-service.ts';
import { CliError } from '../errors.ts';
import { readVersion } from '../version.ts';
import { checkClock } from './check-machine.ts';
import { type Finding, findingOf, ok, warning } from './finding.ts';

const LIMITS = { connectMs: 2000, totalMs: 5000 };

/**
 * Check a daemon's health and clock.
 *
 * @param daemon this user's, if it runs; otherwise `server` is asked.
 * @returns `clock` where there was an answer.
 */
export async function checkDaemon(
  context: Pick<Context, 'now' | 'env' | 'platform' | 'system'>,
  server: string,
  daemon: DaemonBody | undefined,
): Promise<{ daemon: Finding; clock?: Finding }> {
  const { now } = context;
  const askedAt = now();
  try {
    const url = new URL(`${daemon?.url ?? server}/health`);
    const { status, headers } = await createTransport(context)({ method: 'GET', url, headers: {} }, LIMITS);
    if (status !== 200) return { daemon: warning(`${url.origin} does not answer as authsvc does`) };
    return {
      daemon: daemon ? judgeDaemon(daemon, context) : ok(`${server} answers`),
      clock: checkClock(headers.date as string | undefined, askedAt, now()),
    };
  } catch (error) {
    // Something else listening there is another finding.
    const isJustNotRunning = error instanceof CliError && error.next?.command === START_COMMAND;
    return {
      daemon:
        daemon === undefined && isJustNotRunning
          ? warning('not running', {
              say: 'Start it',
              command: startCommand(context, locateDaemon(context).dataFolder),
            })
          : findingOf(error),
    };
  }
}

function judgeDaemon(
  { state, version, url, pid, data_folder: folder }: DaemonBody,
  context: Pick<Context, 'system'>,
): Finding {
  if (state === 'stopping') return warning(`stopping (pid ${pid})`);
  const own = readVersion();
  if (version === own) return ok(`running at ${url} (pid ${pid})`);
  return warning(`running version ${version} at ${url}, and this is ${own}`, {
    say: 'Restart it with this version',
    command: isSystemService(context, folder) ? shell`systemctl restart authsvc` : shell`authsvc daemon restart`,
  });
}
