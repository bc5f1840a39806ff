import { setTimeout } from 'node:timers/promises';
import { shell } from '@authsvc/client/shell-command';
import { Command, InvalidArgumentError } from 'commander';
import { CliError } from '../cli-error.ts';
import type { Context } from '../context.ts';
import { type DaemonBody, describeDaemon, findLocalDaemon, locateDaemon } from '../daemon/local-daemon.ts';
import { exitStatus } from '../exit-status.ts';
import type { GlobalOptions } from '../global-options.ts';
import { createTerminal } from '../terminal.ts';
import { DAEMON_JSON } from './daemon-start.ts';
import { formatHelp } from './help-text.ts';

const RETRY_MS = 100;

interface WaitOptions extends GlobalOptions {
  /** Seconds. */
  readonly timeout: number;
}

const help = formatHelp({
  examples: [
    ['authsvc daemon wait', 'returns once a daemon listens and its database is ready'],
    ['authsvc daemon wait --timeout 5', 'for at most 5 seconds; then it ends with 3'],
  ],
  json: [`{"ready":true,${DAEMON_JSON}}`],
});

/** `authsvc daemon wait` */
export function createWaitCommand(context: Context): Command {
  return new Command('wait')
    .description('Wait until it is ready')
    .option('--timeout <seconds>', 'how long to wait', readSeconds, 30)
    .addHelpText('after', help)
    .action(async (_, command: Command) => {
      const options = command.optsWithGlobals<WaitOptions>();
      const terminal = await createTerminal(context, options);
      const daemon = await waitForDaemon(context, options.timeout);
      terminal.printJson({ ready: true, ...daemon });
      terminal.succeed(`${describeDaemon(daemon, terminal.notePaint)} and ready`);
    });
}

async function waitForDaemon(context: Context, timeoutSeconds: number): Promise<DaemonBody> {
  const place = locateDaemon(context);
  const giveUpAt = performance.now() + timeoutSeconds * 1000;
  for (;;) {
    const daemon = await findLocalDaemon(place);
    if (daemon?.state === 'running' && (await isReady(daemon))) return daemon;
    if (performance.now() >= giveUpAt) throw notReady(daemon, timeoutSeconds);
    await setTimeout(Math.min(RETRY_MS, Math.max(0, giveUpAt - performance.now())));
  }
}

async function isReady({ url }: DaemonBody): Promise<boolean> {
  const { exchange } = await import('@authsvc/client/node');
  const limits = { connectMs: 1000, totalMs: 2000 };
  try {
    return (await exchange({ method: 'GET', url: new URL('/ready', url), headers: {} }, limits)).status === 200;
  } catch {
    return false;
  }
}

function notReady(daemon: DaemonBody | undefined, timeoutSeconds: number): CliError {
  return new CliError({
    status: exitStatus.unreachable,
    code: 'daemon_not_ready',
    what: daemon
      ? `The daemon (pid ${daemon.pid}) is not ready after ${timeoutSeconds} s`
      : `No daemon is running after ${timeoutSeconds} s`,
    next: daemon
      ? { say: 'See why', command: shell`authsvc daemon logs` }
      : { say: 'Start it', command: shell`authsvc daemon start` },
  });
}

function readSeconds(text: string): number {
  const seconds = Number(text);
  if (/^\d{1,6}(\.\d{1,3})?$/.test(text)) return seconds;
  throw new InvalidArgumentError('It is a number of seconds.');
}
