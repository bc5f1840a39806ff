import { shell } from '@authsvc/client/shell-command';
import { Command } from 'commander';
import type { Context } from '../context.ts';
import { describeDaemon, findLocalDaemon, locateDaemon, shortPath, waitForSocket } from '../daemon/local-daemon.ts';
import { exitStatus } from '../exit-status.ts';
import { describeDate } from '../expiry.ts';
import type { GlobalOptions } from '../global-options.ts';
import { createTerminal } from '../terminal.ts';
import { DAEMON_JSON } from './daemon-start.ts';
import { formatHelp } from './help-text.ts';

const help = formatHelp({
  examples: [
    ['authsvc daemon status', 'ends with 0 when it runs, and with 3 when it does not, as systemctl does'],
    ['authsvc daemon status --json | jq -r .url', 'where it listens'],
  ],
  json: [`{"running":true,${DAEMON_JSON}}`, '{"running":false,"data_folder":"/home/ada/.local/share/authsvc"}'],
});

/** `authsvc daemon status` */
export function createStatusCommand(context: Context, endWith: (status: number) => void): Command {
  return new Command('status')
    .description('Show whether it runs, and where')
    .addHelpText('after', help)
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
          `  Start it  ${paint.cyan(shell`authsvc daemon start`)}`,
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
