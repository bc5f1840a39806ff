import { existsSync, realpathSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ApiRefusal } from '@authsvc/client';
import type { BackupBody, FolderBackupBody } from '@authsvc/client/contract';
import { resolveDataFolder } from '@authsvc/client/folders';
import { shell } from '@authsvc/client/shell-command';
import { Command } from 'commander';
import type { Context } from '../context.ts';
import { askDaemon } from '../daemon/ask-daemon.ts';
import { locateDaemon } from '../daemon/local-daemon.ts';
import { startCommand } from '../daemon/system-service.ts';
import { CliError, explainRefusal, usageError } from '../errors.ts';
import { exitStatus } from '../exit-status.ts';
import type { GlobalOptions } from '../global-options.ts';
import { formatHelp } from '../terminal/help-text.ts';
import { createTerminal, printable, type Terminal } from '../terminal/terminal.ts';

/** A database of millions takes a while to copy. */
const BACKUP_MS = 30 * 60_000;

/** Two weeks of nights. */
export const KEPT_BACKUPS = 14;

interface BackupOptions extends GlobalOptions {
  readonly dir?: string;
  readonly keep?: string;
}

const backupHelp = formatHelp({
  examples: [
    ['authsvc backup accounts.db', 'a consistent copy while the daemon serves, that only you can read'],
    ['authsvc backup --dir /var/backups/authsvc --keep 14', 'for every night; names the file by the time (UTC)'],
  ],
  json: [
    '{"path":"/home/ada/accounts.db","bytes":131072}',
    '{"path":"/var/backups/authsvc/authsvc-20260131T220000Z.db","bytes":131072,"removed":["/var/backups/authsvc/authsvc-20260117T220000Z.db"],"not_removed":[]}',
    'with --dir; not_removed names old backups that should have been removed, and could not be',
  ],
});

/** `authsvc backup` */
export function createBackupCommand(context: Context): Command {
  return new Command('backup')
    .description('Copy the database of the running daemon to a new file')
    .argument('[file]', 'where to; nothing is overwritten')
    .option('--dir <folder>', 'write into this folder instead, and remove old backups; silent in a crontab')
    .option('--keep <n>', `how many backups to keep in that folder (default: ${KEPT_BACKUPS})`)
    .addHelpText('after', backupHelp)
    .action(async (file: string | undefined, _, command: Command) => {
      const options = command.optsWithGlobals<BackupOptions>();
      const terminal = await createTerminal(context, options);
      const { dir, keep } = options;
      if (dir !== undefined && file !== undefined) throw usageError('Give a file or --dir, not both');
      if (dir !== undefined) return await backUpIntoFolder(context, terminal, dir, readKeep(keep));
      if (keep !== undefined) throw usageError('--keep belongs to --dir: a file that you name is never removed');
      if (file === undefined) throw usageError('Where to? Give a file, or a folder with --dir');
      await backUpToFile(context, terminal, file);
    });
}

async function backUpToFile(context: Context, terminal: Terminal, file: string): Promise<void> {
  const body = { path: resolve(file) };
  const request = { method: 'POST', path: '/backup', body, answerMs: BACKUP_MS } as const;
  reportBackup(terminal, await askDaemon<BackupBody>(context, request));
}

async function backUpIntoFolder(context: Context, terminal: Terminal, dir: string, keep: number): Promise<void> {
  if (dir === '') throw usageError('--dir needs the path of a folder');
  const body = { folder: resolve(dir), keep: String(keep) };
  const request = { method: 'POST', path: '/backup/folder', body, answerMs: BACKUP_MS } as const;
  const backup = await askDaemon<FolderBackupBody>(context, request).catch((error: unknown) => {
    throw explainNoBackup(error);
  });
  for (const path of backup.not_removed) terminal.warn(`${printable(path)} is an old backup, and cannot be removed`);
  // cron mails what a command prints.
  if (!terminal.isJson && context.stderr.isTTY !== true) return;
  const everyNight = formatCronLine(context, body.folder, keep);
  reportBackup(terminal, backup, `Every night, as a line of crontab -e: ${everyNight}`);
}

function reportBackup(terminal: Terminal, backup: BackupBody, ...more: readonly string[]): void {
  terminal.printJson(backup);
  terminal.succeed(
    `Backed up to ${terminal.notePaint.bold(backup.path)} (${backup.bytes.toLocaleString('en')} bytes)`,
    terminal.describeNext({ say: 'To go back to it', command: shell`authsvc restore ${backup.path}` }),
    ...more,
  );
}

/** cron knows neither this PATH nor these variables, and takes a % for the end of the command. */
function formatCronLine({ env, platform }: Context, folder: string, keep: number): string {
  const dataFolder = resolveDataFolder(env, platform);
  const isDefault = dataFolder === resolveDataFolder({ HOME: env.HOME }, platform);
  const program = realpathSync(fileURLToPath(new URL('../../bin/authsvc.js', import.meta.url)));
  const command = shell`${process.execPath} ${program} backup --dir ${folder} --keep ${keep}`;
  const settings = isDefault ? [] : [shell`AUTHSVC_DATA_DIR=${dataFolder}`];
  return `17 3 * * * ${[...settings, command].join(' ').replaceAll('%', '\\%')}`;
}

/** The arguments were sound: the daemon refuses for a disk, or for another backup. */
function explainNoBackup(error: unknown): unknown {
  if (!(error instanceof ApiRefusal)) return error;
  if (error.code === 'not_found') {
    return new CliError({
      status: exitStatus.unexpected,
      code: 'backup_failed',
      what: 'No backup was made: the daemon runs an older version, which knows no backup folders',
      next: { say: 'Restart it with this version', command: shell`authsvc daemon restart` },
      cause: error,
    });
  }
  if (error.code !== 'invalid_request') return error;
  return new CliError({
    status: exitStatus.unexpected,
    code: 'backup_failed',
    what: `No backup was made: ${error.message}`,
    why: 'The backups made before are all kept.',
    cause: error,
  });
}

/** @throws {@link CliError} `usage`. */
export function readKeep(text: string | undefined): number {
  if (text === undefined) return KEPT_BACKUPS;
  if (/^[1-9]\d{0,3}$/.test(text)) return Number(text);
  throw usageError(`--keep is how many backups to keep, a whole number from 1 to 9999, not "${printable(text)}"`);
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
        `Restored ${users.toLocaleString('en')} ${users === 1 ? 'account' : 'accounts'} to ${terminal.notePaint.bold(database)}`,
        ...(former === null ? [] : [`What was there is kept at ${former}`]),
        terminal.describeNext({ say: 'Next', command: startCommand(context, locateDaemon(context).dataFolder) }),
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
