import { Command } from 'commander';
import type { Context } from '../context.ts';
import { stopDaemon } from '../daemon/stop-daemon.ts';
import type { GlobalOptions } from '../global-options.ts';
import { createTerminal } from '../terminal.ts';
import { formatHelp } from './help-text.ts';

const help = formatHelp({
  examples: [['authsvc daemon stop', 'answers what is in flight, then ends; returns once the process is gone']],
  json: ['{"stopped":true,"pid":4121}', 'stopped is false, and pid null, when none was running'],
});

/** `authsvc daemon stop` */
export function createStopCommand(context: Context): Command {
  return new Command('stop')
    .description('Stop it; returns once its process has ended')
    .addHelpText('after', help)
    .action(async (_, command: Command) => {
      const terminal = await createTerminal(context, command.optsWithGlobals<GlobalOptions>());
      const daemon = await stopDaemon(context);
      terminal.printJson({ stopped: daemon !== undefined, pid: daemon?.pid ?? null });
      terminal.succeed(daemon ? `Stopped authsvc (pid ${daemon.pid})` : 'The daemon is not running');
    });
}
