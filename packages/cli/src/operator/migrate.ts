import { existsSync } from 'node:fs';
import { shell } from '@authsvc/client/shell-command';
import type { CopiedTable } from '@authsvc/core';
import type { DatabaseSetting, PostgresSetting, SqliteSetting } from '@authsvc/server';
import { Command } from 'commander';
import type { Context } from '../context.ts';
import { CliError, explainRefusal, usageError } from '../errors.ts';
import { exitStatus } from '../exit-status.ts';
import type { GlobalOptions } from '../global-options.ts';
import { formatHelp } from '../terminal/help-text.ts';
import { readStdinLines } from '../terminal/stdin-lines.ts';
import { createTerminal, type Terminal } from '../terminal/terminal.ts';

interface MigrateOptions extends GlobalOptions {
  readonly databaseUrlStdin?: boolean;
  readonly schemaOnly?: boolean;
}

const NO_WAITING = { longestWaitMs: 0 };

const help = formatHelp({
  examples: [
    ['authsvc migrate postgres://authsvc@db.example.com/authsvc', 'with the password in PGPASSWORD or ~/.pgpass'],
    ['printf %s "$DATABASE_URL" | authsvc migrate --database-url-stdin', 'with a password in the URL'],
    [
      'authsvc migrate --schema-only',
      'only creates the tables, in the database of AUTHSVC_DATABASE_URL; its role must be allowed to',
    ],
  ],
  json: [
    '{"database":"postgres://db.example.com:5432/authsvc","tables":[{"table":"users","rows":42,"digest":"0c5e…"}]}',
    'rows and digest are the same in both databases; tables is empty with --schema-only',
  ],
});

/** `authsvc migrate` */
export function createCommand(context: Context): Command {
  return new Command('migrate')
    .description(
      'Copy the SQLite database of this data folder to an empty PostgreSQL database; the daemon must not be running. You can run it again: it finishes an interrupted copy, and changes nothing after a complete one.',
    )
    .argument('[postgres url]', 'the database to copy to, without a password; by default that of AUTHSVC_DATABASE_URL')
    .option('--database-url-stdin', 'read the URL from the first line of standard input')
    .option('--schema-only', 'create the tables, and copy nothing')
    .addHelpText('after', help)
    .action((url: string | undefined, _, command: Command) =>
      migrate(context, url, command.optsWithGlobals<MigrateOptions>()),
    );
}

async function migrate(context: Context, argument: string | undefined, options: MigrateOptions): Promise<void> {
  const terminal = await createTerminal(context, options);
  process.umask(0o077);
  try {
    const given = await readUrl(context, argument, options);
    if (argument !== undefined) await refusePassword(argument);
    const { config, source, target } = await chooseDatabases(context, given);
    if (!options.schemaOnly && !existsSync(source.path)) throw nothingToCopy(source);
    const { openDataFolder } = await import('@authsvc/server');
    const folder = options.schemaOnly ? undefined : await openDataFolder({ ...config, database: source }, NO_WAITING);
    try {
      const tables = await fill(target, folder && source, terminal);
      terminal.printJson({ database: target.name, tables });
      terminal.succeed(...describe(tables, source, target));
    } finally {
      await folder?.release();
    }
  } catch (error) {
    throw explainRefusal(error, 'database_refused');
  }
}

async function readUrl(
  { stdin }: Context,
  argument: string | undefined,
  { databaseUrlStdin }: MigrateOptions,
): Promise<string | undefined> {
  if (!databaseUrlStdin) return argument;
  if (argument !== undefined) throw usageError('The URL is an argument or on standard input, not both');
  const [line] = await readStdinLines(stdin, ['--database-url-stdin']);
  return line;
}

/**
 * The source: the file of this data folder, also if the daemon is set to PostgreSQL. The target:
 * the URL of the command or, without one, of the daemon's setting.
 */
async function chooseDatabases(context: Context, url: string | undefined) {
  const { defaultDatabase, loadConfig, readDatabase } = await import('@authsvc/server');
  const config = loadConfig(context.env);
  const target = url === undefined ? config.database : readTarget(url, readDatabase);
  if (target.kind !== 'postgres') {
    throw usageError(
      'A PostgreSQL database is required: postgres://<user>@<host>/<database>, as an argument or in AUTHSVC_DATABASE_URL',
    );
  }
  return { config, target, source: config.database.kind === 'sqlite' ? config.database : defaultDatabase(context.env) };
}

function readTarget(url: string, readDatabase: (text: string) => DatabaseSetting): DatabaseSetting {
  try {
    return readDatabase(url);
  } catch (error) {
    if (error instanceof Error && error.name === 'SettingProblem')
      throw usageError(`The URL ${error.message}`, { cause: error });
    throw error;
  }
}

async function refusePassword(url: string): Promise<void> {
  const { parsePostgresUrl } = await import('@authsvc/core');
  try {
    if (parsePostgresUrl(url).password === '') return;
  } catch {
    // Refused as a URL that cannot be read.
    return;
  }
  throw usageError('A password does not belong in an argument, where every user of this machine can read it', {
    why: 'Leave it out and set PGPASSWORD, or pipe the whole URL in.',
    next: { say: 'Pipe it in', command: shell`printf %s "$DATABASE_URL" | authsvc migrate --database-url-stdin` },
  });
}

/** Create missing tables, and copy the source's rows. */
async function fill(
  target: PostgresSetting,
  source: SqliteSetting | undefined,
  terminal: Terminal,
): Promise<CopiedTable[]> {
  const { copyDatabase, openPostgresDatabase, openSqliteDatabase } = await import('@authsvc/core');
  const filled = await openPostgresDatabase(target);
  try {
    await filled.migrate();
    if (!source) return [];
    const copied = await openSqliteDatabase(source.path);
    try {
      await copied.migrate();
      return await copyDatabase(copied, filled, {
        targetName: target.name,
        onProgress: ({ table, done }) => terminal.showProgress(`${table}: ${done.toLocaleString('en')} rows…`),
      });
    } finally {
      terminal.showProgress('');
      await copied.close();
    }
  } finally {
    await filled.close();
  }
}

function describe(
  tables: readonly CopiedTable[],
  source: SqliteSetting,
  target: DatabaseSetting,
): [what: string, ...details: string[]] {
  if (tables.length === 0) return [`${target.name} has every table`];
  const rows = tables.map(({ table, rows }) => `${rows.toLocaleString('en')} ${table.replaceAll('_', ' ')}`);
  return [
    `${target.name} holds what ${source.path} does, row by row`,
    rows.join(', '),
    'Next: set AUTHSVC_DATABASE_URL to it, and start the daemon',
  ];
}

function nothingToCopy({ path }: SqliteSetting): CliError {
  return new CliError({
    status: exitStatus.refused,
    code: 'nothing_to_copy',
    what: `There is nothing to copy: there is no database ${path}`,
    why: 'Set AUTHSVC_DATA_DIR to the data folder that has it, or create only the tables with --schema-only.',
  });
}
