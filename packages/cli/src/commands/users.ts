import { Command } from 'commander';
import type { Context } from '../context.ts';
import { formatHelp } from './help-text.ts';
import { createChangeCommands, createResetCommand, createRevokeCommand, createSetCommand } from './users-change.ts';
import { createExportCommand, createImportCommand } from './users-files.ts';
import { createListCommand, createShowCommand } from './users-list.ts';

/** `authsvc users` */
export function createCommand(context: Context, endWith: (status: number) => void): Command {
  const group = new Command('users')
    .description('Look after the accounts, as the operator of the daemon on this machine')
    .addHelpText(
      'after',
      formatHelp({
        examples: [
          ['authsvc users list --search example.com', 'finds accounts'],
          ['authsvc users reset ada@example.com', 'makes a reset token to pass on'],
          ['authsvc users revoke --all', 'ends every session of everybody'],
        ],
      }),
    );
  const commands = [
    createListCommand(context),
    createShowCommand(context),
    ...createChangeCommands(context),
    createSetCommand(context),
    createRevokeCommand(context),
    createResetCommand(context),
    createImportCommand(context, endWith),
    createExportCommand(context),
  ];
  for (const command of commands) group.addCommand(command);
  return group;
}
