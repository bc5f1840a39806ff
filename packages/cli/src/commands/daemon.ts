import { Command } from 'commander';
import type { Context } from '../context.ts';
import { createInstallCommand } from './daemon-install.ts';
import { createLogsCommand } from './daemon-logs.ts';
import { createRestartCommand } from './daemon-restart.ts';
import { createStartCommand } from './daemon-start.ts';
import { createStatusCommand } from './daemon-status.ts';
import { createStopCommand } from './daemon-stop.ts';
import { createWaitCommand } from './daemon-wait.ts';
import { formatHelp } from './help-text.ts';

const help = formatHelp({
  examples: [
    ['authsvc daemon start', 'runs the service in the background'],
    ['authsvc daemon logs --follow', 'shows what it does, as it does it'],
    [
      'AUTHSVC_DATA_DIR=/srv/shop authsvc daemon start',
      'a second one, with accounts of its own; so with every command',
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
