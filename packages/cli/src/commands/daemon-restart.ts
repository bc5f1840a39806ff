import { Command } from 'commander';
import type { Context } from '../context.ts';
import { assertCanRestart, startDaemon } from '../daemon/start-daemon.ts';
import { stopDaemon } from '../daemon/stop-daemon.ts';
import type { GlobalOptions } from '../global-options.ts';
import { createTerminal } from '../terminal.ts';
import { DAEMON_JSON, tellStart } from './daemon-start.ts';
import { formatHelp } from './help-text.ts';

const help = formatHelp({
  examples: [['authsvc daemon restart', 'with the settings of the environment that this command runs in']],
  json: [`{"started":true,${DAEMON_JSON}}`],
});

/** `authsvc daemon restart` */
export function createRestartCommand(context: Context): Command {
  return new Command('restart')
    .description('Stop it where it runs, and start it, if it could start')
    .addHelpText('after', help)
    .action(async (_, command: Command) => {
      const terminal = await createTerminal(context, command.optsWithGlobals<GlobalOptions>());
      await assertCanRestart(context);
      await stopDaemon(context);
      tellStart(context, terminal, await startDaemon(context));
    });
}
