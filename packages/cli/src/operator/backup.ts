import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { BackupBody } from '@authsvc/client/contract';
import { shell } from '@authsvc/client/shell-command';
import { Command } from 'commander';
import type { Context } from '../context.ts';
import { askDaemon } from '../daemon/ask-daemon.ts';
import { CliError, explainRefusal } from '../errors.ts';
import { exitStatus } from '../exit-status.ts';
import type { GlobalOptions } from '../global-options.ts';
import { formatHelp } from '../terminal/help-text.ts';
import { createTerminal, type Terminal } from '../terminal/terminal.ts';

/** A database of millions takes a while to copy. */
const BACKUP_MS = 30 * 60_000;

const backupHelp = formatHelp({
  examples: [['authsvc backup accounts.db', 'a consistent copy while the daemon serves, that only you can read']],
  json: ['{"path":"/home/ada/accounts.db","bytes":131072}'],
});

/** `authsvc backup` */
export function createBackupCommand(context: Context): Command {
  return new Command('backup')
    .description('Copy the database of the running daemon to a new file')
    .argument('<file>', 'where to; nothing is overwritten')
    .addHelpText('after', backupHelp)
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

interface RestoreOptions extends GlobalOptions {
  readonly yes?: boolean;
}

const restoreHelp = formatHelp({
  examples: [
    ['authsvc restore accounts.db', 'restores a backup where there is no database'],
    ['authsvc restore accounts.db --yes', 'replaces the current database, and keeps it beside the new one'],
  ],
  json: [
    '{"database":"/home/ada/.local/share/authsvc/authsvc.db","users":42,"former":null}',
    'former is where the replaced database is kept; null if there was none',
  ],
});

/** `authsvc restore` */
export function createRestoreCommand(context: Context): Command {
  return new Command('restore')
    .description('Restore the database from a backup; the daemon must not be running')
    .argument('<file>', 'a backup')
    .option('--yes', 'replace a database that exists; it is kept beside the new one')
    .addHelpText('after', restoreHelp)
    .action((file: string, _, command: Command) => restore(context, file, command.optsWithGlobals<RestoreOptions>()));
}

async function restore(context: Context, file: string, options: RestoreOptions): Promise<void> {
  const terminal = await createTerminal(context, options);
  const { loadConfig, openDataFolder } = await import('@authsvc/server');
  const { restoreSqlite } = await import('@authsvc/core');
  process.umask(0o077);
  const backup = resolve(file);
  try {
    const config = loadConfig(context.env);
    if (config.database.kind !== 'sqlite') throw otherTools(config.database.name);
    const database = config.database.path;
    confirm(terminal, database, options);
    const folder = await openDataFolder(config, { longestWaitMs: 0 });
    try {
      const { users, former = null } = await restoreSqlite(backup, database);
      terminal.printJson({ database, users, former });
      terminal.succeed(
        `Restored ${users.toLocaleString('en')} accounts to ${terminal.notePaint.bold(database)}`,
        ...(former === null ? [] : [`What was there is kept at ${former}`]),
        terminal.describeNext({ say: 'Next', command: shell`authsvc daemon start` }),
      );
    } finally {
      await folder.release();
    }
  } catch (error) {
    throw explainRefusal(error, 'not_a_backup');
  }
}

function confirm(terminal: Terminal, database: string, { yes }: RestoreOptions): void {
  if (yes || !existsSync(database)) return;
  throw new CliError({
    status: terminal.canAsk ? exitStatus.refused : exitStatus.usage,
    code: 'input_required',
    what: `${database} is there already`,
    why: 'With --yes it is replaced, and kept beside the restored one.',
  });
}

function otherTools(database: string): CliError {
  return new CliError({
    status: exitStatus.refused,
    code: 'not_sqlite',
    what: `${database} is restored with PostgreSQL's own tools, such as pg_restore`,
  });
}
