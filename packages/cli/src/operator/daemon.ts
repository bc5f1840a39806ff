import { setTimeout } from 'node:timers/promises';
import { shell } from '@authsvc/client/shell-command';
import { Command, InvalidArgumentError } from 'commander';
import type { Context } from '../context.ts';
import {
  type DaemonBody,
  describeDaemon,
  describePlace,
  findLocalDaemon,
  locateDaemon,
  shortPath,
  waitForSocket,
} from '../daemon/local-daemon.ts';
import { readSettings } from '../daemon/read-settings.ts';
import { assertCanRestart, type DaemonStart, startDaemon } from '../daemon/start-daemon.ts';
import { stopDaemon } from '../daemon/stop-daemon.ts';
import { assertNotSystemService, startCommand } from '../daemon/system-service.ts';
import { CliError } from '../errors.ts';
import { exitStatus } from '../exit-status.ts';
import type { GlobalOptions } from '../global-options.ts';
import { formatHelp } from '../terminal/help-text.ts';
import { createTerminal, type Terminal } from '../terminal/terminal.ts';
import { describeDate } from '../terminal/times.ts';
import { createInstallCommand } from './daemon-install.ts';
import { createLogsCommand } from './daemon-logs.ts';

const help = formatHelp({
  examples: [
    ['authsvc daemon start', 'runs the service in the background'],
    ['authsvc daemon logs --follow', 'shows what it does, as it does it'],
    [
      'AUTHSVC_DATA_DIR=/srv/shop authsvc daemon start',
      'a second daemon, with its own accounts; set the same for each command that uses it',
    ],
  ],
});

/** `authsvc daemon` */
export function createCommand(context: Context, endWith: (status: number) => void): Command {
  const daemon = new Command('daemon').description('Run the service in the background').addHelpText('after', help);
  for (const command of [
    createStartCommand(context),
    createStopCommand(context),
    createRestartCommand(context),
    createStatusCommand(context, endWith),
    createLogsCommand(context),
    createWaitCommand(context),
    createInstallCommand(context),
  ]) {
    daemon.addCommand(command);
  }
  return daemon;
}

const DAEMON_JSON =
  '"state":"running","pid":4121,"version":"1.1.0","url":"http://127.0.0.1:4100","data_folder":"/home/ada/.local/share/authsvc","started_at":"2026-11-22T16:40:00.000Z","database":"sqlite:/home/ada/.local/share/authsvc/authsvc.db","log_file":"/home/ada/.local/share/authsvc/logs/authsvc.log"';

const startHelp = formatHelp({
  examples: [
    ['authsvc daemon start', 'returns once the service listens'],
    ['AUTHSVC_LISTEN_PORT=4200 authsvc daemon start', 'on another port; every setting is an environment variable'],
  ],
  json: [`{"started":true,${DAEMON_JSON}}`, 'started is false when it was running already'],
});

/** `authsvc daemon start` */
function createStartCommand(context: Context): Command {
  return new Command('start')
    .description('Start it; returns once it listens')
    .addHelpText('after', startHelp)
    .action(async (_, command: Command) => {
      const terminal = await createTerminal(context, command.optsWithGlobals<GlobalOptions>());
      assertNotSystemService(context, locateDaemon(context).dataFolder, 'start');
      const start = await startDaemon(context);
      if (!start.started) {
        for (const problem of (await readSettings(context)).problems) {
          terminal.warn(`${problem}; the running daemon keeps the settings it was started with`);
        }
      }
      reportStart(context, terminal, start);
    });
}

function reportStart({ env }: Context, terminal: Terminal, { started, daemon }: DaemonStart): void {
  const { notePaint } = terminal;
  terminal.printJson({ started, ...daemon });
  const what = describeDaemon(daemon, notePaint);
  terminal.succeed(
    started ? what : what.replace(' running', ' is already running'),
    describePlace(daemon, env, notePaint),
  );
}

const stopHelp = formatHelp({
  examples: [['authsvc daemon stop', 'answers what is in flight, then ends; returns once the process is gone']],
  json: ['{"stopped":true,"pid":4121}', 'stopped is false, and pid null, when none was running'],
});

/** `authsvc daemon stop` */
function createStopCommand(context: Context): Command {
  return new Command('stop')
    .description('Stop it; returns once its process has ended')
    .addHelpText('after', stopHelp)
    .action(async (_, command: Command) => {
      const terminal = await createTerminal(context, command.optsWithGlobals<GlobalOptions>());
      const daemon = await stopDaemon(context);
      terminal.printJson({ stopped: daemon !== undefined, pid: daemon?.pid ?? null });
      terminal.succeed(daemon ? `Stopped authsvc (pid ${daemon.pid})` : 'The daemon is not running');
    });
}

const restartHelp = formatHelp({
  examples: [['authsvc daemon restart', 'with the settings in the environment of this command']],
  json: [`{"started":true,${DAEMON_JSON}}`],
});

/** `authsvc daemon restart` */
function createRestartCommand(context: Context): Command {
  return new Command('restart')
    .description('Stop it if it is running, and start it; first checks that it could start, and stops nothing if not')
    .addHelpText('after', restartHelp)
    .action(async (_, command: Command) => {
      const terminal = await createTerminal(context, command.optsWithGlobals<GlobalOptions>());
      assertNotSystemService(context, locateDaemon(context).dataFolder, 'restart');
      await assertCanRestart(context);
      await stopDaemon(context);
      reportStart(context, terminal, await startDaemon(context));
    });
}

const statusHelp = formatHelp({
  examples: [
    ['authsvc daemon status', 'ends with 0 when it runs, and with 3 when it does not, as systemctl does'],
    ['authsvc daemon status --json | jq -r .url', 'where it listens'],
  ],
  json: [`{"running":true,${DAEMON_JSON}}`, '{"running":false,"data_folder":"/home/ada/.local/share/authsvc"}'],
});

/** `authsvc daemon status` */
function createStatusCommand(context: Context, endWith: (status: number) => void): Command {
  return new Command('status')
    .description('Show whether it runs, and where')
    .addHelpText('after', statusHelp)
    .action(async (_, command: Command) => {
      const terminal = await createTerminal(context, command.optsWithGlobals<GlobalOptions>());
      const place = locateDaemon(context);
      await waitForSocket(place);
      const daemon = await findLocalDaemon(place);
      const { paint } = terminal;
      if (!daemon) {
        terminal.printJson({ running: false, data_folder: place.dataFolder });
        terminal.printLines(
          `${paint.dim('○')} authsvc is not running`,
          `  Data      ${shortPath(place.dataFolder, context.env)}`,
          `  Start it  ${paint.cyan(startCommand(context, place.dataFolder))}`,
        );
        endWith(exitStatus.unreachable);
        return;
      }
      terminal.printJson({ running: true, ...daemon });
      const { env } = context;
      terminal.printLines(
        `${paint.green('●')} ${describeDaemon(daemon, paint)}`,
        `  Since     ${describeDate(daemon.started_at)}`,
        `  Data      ${shortPath(daemon.data_folder, env)}`,
        `  Database  ${daemon.database.replace(/^sqlite:(.*)$/, (_text, path: string) => shortPath(path, env))}`,
        `  Log       ${daemon.log_file === null ? 'standard error' : shortPath(daemon.log_file, env)}`,
      );
    });
}

const RETRY_MS = 100;

interface WaitOptions extends GlobalOptions {
  /** Seconds. */
  readonly timeout: number;
}

const waitHelp = formatHelp({
  examples: [
    ['authsvc daemon wait', 'returns once a daemon listens and its database is ready'],
    ['authsvc daemon wait --timeout 5', 'for at most 5 seconds; then it ends with 3'],
  ],
  json: [`{"ready":true,${DAEMON_JSON}}`],
});

/** `authsvc daemon wait` */
function createWaitCommand(context: Context): Command {
  return new Command('wait')
    .description('Wait until it is ready')
    .option('--timeout <seconds>', 'how long to wait', readSeconds, 30)
    .addHelpText('after', waitHelp)
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
    if (performance.now() >= giveUpAt) throw notReady(context, daemon, timeoutSeconds);
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

function notReady(context: Context, daemon: DaemonBody | undefined, timeoutSeconds: number): CliError {
  return new CliError({
    status: exitStatus.unreachable,
    code: 'daemon_not_ready',
    what: daemon
      ? `The daemon (pid ${daemon.pid}) is not ready after ${timeoutSeconds} s`
      : `No daemon is running after ${timeoutSeconds} s`,
    next: daemon
      ? { say: 'See why', command: shell`authsvc daemon logs` }
      : { say: 'Start it', command: startCommand(context, locateDaemon(context).dataFolder) },
  });
}

function readSeconds(text: string): number {
  if (/^\d{1,6}(\.\d{1,3})?$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It is a number of seconds.');
}
