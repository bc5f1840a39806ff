import { resolve } from 'node:path';
import type { BackupBody } from '@authsvc/client/contract';
import { shell } from '@authsvc/client/shell-command';
import { Command } from 'commander';
import type { Context } from '../context.ts';
import type { GlobalOptions } from '../global-options.ts';
import { askDaemon } from '../operator/ask-daemon.ts';
import { createTerminal } from '../terminal.ts';
import { formatHelp } from './help-text.ts';

/** A database of millions takes a while to copy. */
const BACKUP_MS = 30 * 60_000;

const help = formatHelp({
  examples: [['authsvc backup accounts.db', 'a consistent copy while the daemon serves, that only you can read']],
  json: ['{"path":"/home/ada/accounts.db","bytes":131072}'],
});

/** `authsvc backup` */
export function createCommand(context: Context): Command {
  return new Command('backup')
    .description('Copy the database of the running daemon to a new file')
    .argument('<file>', 'where to; nothing is overwritten')
    .addHelpText('after', help)
    .action(async (file: string, _, command: Command) => {
      const terminal = await createTerminal(context, command.optsWithGlobals<GlobalOptions>());
      const body = { path: resolve(file) };
      const request = { method: 'POST', path: '/backup', body, answerMs: BACKUP_MS } as const;
      const backup = await askDaemon<BackupBody>(context, request);
      terminal.printJson(backup);
      terminal.succeed(
        `Backed up to ${terminal.notePaint.bold(backup.path)} (${backup.bytes.toLocaleString('en')} bytes)`,
        terminal.describeNext({ say: 'To go back to it', command: shell`authsvc restore ${backup.path}` }),
      );
    });
}
