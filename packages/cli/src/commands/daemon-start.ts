import { Command } from 'commander';
import type { Context } from '../context.ts';
import { type DaemonStart, settingProblems, startDaemon } from '../daemon/start-daemon.ts';
import { describeDaemon, describePlace } from '../daemon/local-daemon.ts';
import type { GlobalOptions } from '../global-options.ts';
import { createTerminal, type Terminal } from '../terminal.ts';
import { formatHelp } from './help-text.ts';

export const DAEMON_JSON =
  '"state":"running","pid":4121,"version":"1.0.0","url":"http://127.0.0.1:4100","data_folder":"/home/ada/.local/share/authsvc","started_at":"2026-11-22T16:40:00.000Z","database":"sqlite:/home/ada/.local/share/authsvc/authsvc.db","log_file":"/home/ada/.local/share/authsvc/logs/authsvc.log"';

const help = formatHelp({
  examples: [
    ['authsvc daemon start', 'returns once the service listens'],
    ['AUTHSVC_LISTEN_PORT=4200 authsvc daemon start', 'on another port; every setting is an environment variable'],
  ],
  json: [`{"started":true,${DAEMON_JSON}}`, 'started is false when it was running already'],
});

/** `authsvc daemon start` */
export function createStartCommand(context: Context): Command {
  return new Command('start')
    .description('Start it; returns once it listens')
    .addHelpText('after', help)
    .action(async (_, command: Command) => {
      const terminal = await createTerminal(context, command.optsWithGlobals<GlobalOptions>());
      const start = await startDaemon(context);
      if (!start.started) {
        for (const problem of await settingProblems(context.env)) {
          terminal.warn(`${problem}; the daemon goes on with the settings it was started with`);
        }
      }
      tellStart(context, terminal, start);
    });
}

export function tellStart({ env }: Context, terminal: Terminal, { started, daemon }: DaemonStart): void {
  const { notePaint } = terminal;
  terminal.printJson({ started, ...daemon });
  const what = describeDaemon(daemon, notePaint);
  terminal.succeed(
    started ? what : what.replace(' running', ' is already running'),
    describePlace(daemon, env, notePaint),
  );
}
