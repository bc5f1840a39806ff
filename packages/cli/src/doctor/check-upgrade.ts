import { existsSync, realpathSync, rmSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { shell } from '@authsvc/client/shell-command';
import type { MigrationState } from '@authsvc/core';
import type { MadeBackup, PostgresSetting } from '@authsvc/server';
import type { Context } from '../context.ts';
import { findLocalDaemon, locateDaemon, shortPath } from '../daemon/local-daemon.ts';
import { CliError, explainRefusal } from '../errors.ts';
import { exitStatus } from '../exit-status.ts';
import { describeTimeSince } from '../terminal/times.ts';
import { describeBytes } from './check-machine.ts';
import { type Finding, ok, problem, warning } from './finding.ts';
import type { Named } from './format-findings.ts';

/** Every check, by its name in `--json` and its label, in the order shown. */
export const upgradeLabels = { migrations: 'Migrations', trial: 'Trial', backup: 'Backup' } as const;

export interface UpgradeReport {
  /** `sqlite:` and a path, or a URL without credentials. */
  readonly database: string;
  readonly missing: readonly string[];
  /** Missing where nothing was tried. */
  readonly trial: { readonly tookMs: number; readonly bytes: number } | undefined;
  readonly backup: MadeBackup | undefined;
  readonly findings: readonly Named<keyof typeof upgradeLabels>[];
}

export interface UpgradeQuestion {
  /** A backup that the data folder does not know of. */
  readonly backup: string | undefined;
  readonly onProgress: (text: string) => void;
}

type Database = { readonly kind: 'sqlite'; readonly path: string } | PostgresSetting;

/** A nightly backup is younger. */
const FRESH_MS = 24 * 60 * 60_000;
/** Between this clock and that of a disk or another machine. */
const CLOCK_SKEW_MS = 60_000;

const BACK_UP = { say: 'Make one, and name it with --backup', command: shell`authsvc backup before-upgrade.db` };

/**
 * Find out what this version will do to the database in force, and whether one could go back. A
 * daemon of an older version may run; its database is only read.
 *
 * @throws {@link CliError} there is no database, or it cannot be read.
 */
export async function examineUpgrade(context: Context, question: UpgradeQuestion): Promise<UpgradeReport> {
  const database = await findDatabase(context);
  const name = database.kind === 'sqlite' ? `sqlite:${database.path}` : database.name;
  const state = await readMigrations(database);
  const nothing = { database: name, missing: state.missing, trial: undefined, backup: undefined };
  const [newer] = state.unknown;
  if (newer !== undefined) {
    const found = problem(`${name} was made by a newer version of authsvc (migration ${newer})`, {
      say: 'Install that version, or restore a backup of an older one',
    });
    return { ...nothing, findings: [{ name: 'migrations', ...found }] };
  }
  if (state.missing.length === 0) {
    return { ...nothing, findings: [{ name: 'migrations', ...ok(`${name} lacks none`) }] };
  }
  const backup =
    question.backup === undefined ? await findKnownBackup(context, database) : readNamedBackup(question.backup);
  // First, since a trial may take minutes.
  const backupFinding = await judgeBackup(context, backup, database, state.missing, question.backup !== undefined);
  const { trial, finding } = await tryMigrations(context, database, question);
  return {
    ...nothing,
    trial,
    backup,
    findings: [
      { name: 'migrations', ...ok(`${name} lacks ${state.missing.join(', ')}`) },
      { name: 'trial', ...finding },
      { name: 'backup', ...backupFinding },
    ],
  };
}

/** The database of the daemon that runs; otherwise that of this environment's settings. */
async function findDatabase(context: Context): Promise<Database> {
  const daemon = await findLocalDaemon(locateDaemon(context));
  const [, path] = /^sqlite:(.+)$/.exec(daemon?.database ?? '') ?? [];
  if (path !== undefined) return { kind: 'sqlite', path };
  const { loadConfig } = await import('@authsvc/server');
  const { database } = loadConfig(context.env);
  if (daemon && database.kind === 'sqlite') {
    throw noDatabase(`The daemon uses ${daemon.database}`, 'Set AUTHSVC_DATABASE_URL to it, as its daemon has it.');
  }
  if (database.kind === 'postgres') return database;
  if (!existsSync(database.path)) {
    throw noDatabase(`There is no database ${database.path}`, 'Set AUTHSVC_DATA_DIR to the data folder that has it.');
  }
  return database;
}

function noDatabase(what: string, why: string): CliError {
  return new CliError({ status: exitStatus.refused, code: 'no_database', what, why });
}

async function readMigrations(database: Database): Promise<MigrationState> {
  const { openPostgresDatabase, readMigrationState, readSqliteMigrations } = await import('@authsvc/core');
  if (database.kind === 'sqlite') {
    const state = await readSqliteMigrations(database.path);
    if (!state) throw noDatabase(`There is no database ${database.path}`, 'Its file is empty.');
    return state;
  }
  const opened = await openPostgresDatabase({ url: database.url, connections: 1 });
  try {
    return await readMigrationState(opened.read);
  } catch (error) {
    throw unreadable(database.name, error as Error);
  } finally {
    await opened.close();
  }
}

function unreadable(name: string, cause: Error): CliError {
  const said = cause.message.split(' - ').at(-1);
  return new CliError({
    status: exitStatus.refused,
    code: 'database_refused',
    what: `${name} cannot be read: ${said}`,
    cause,
  });
}

async function tryMigrations(
  context: Context,
  database: Database,
  { onProgress }: UpgradeQuestion,
): Promise<{ trial: UpgradeReport['trial']; finding: Finding }> {
  if (database.kind === 'postgres') {
    const name = database.name.split('/').at(-1) ?? '';
    const remedy = {
      say: 'Try them on a copy, with authsvc migrate --schema-only; it is made while no instance runs, or with pg_dump',
      command: shell`createdb --template=${name} ${`${name}_trial`}`,
    };
    return { trial: undefined, finding: warning('not tried, since PostgreSQL makes its own copies', remedy) };
  }
  const { measureTrialRoom, trialFolder, tryUpgrade } = await import('@authsvc/core');
  // If the path is a link, the copy lies beside the file that it leads to.
  const path = realpathSync(database.path);
  const { neededBytes, freeBytes } = measureTrialRoom(path);
  if (freeBytes < neededBytes) {
    const message = `not tried: a copy needs ${describeBytes(neededBytes)} beside the database, and ${describeBytes(freeBytes)} are free`;
    return { trial: undefined, finding: problem(message, { say: 'Make room, which the upgrade itself needs too' }) };
  }
  const stop = () => {
    rmSync(trialFolder(path), { recursive: true, force: true });
    context.interrupt();
  };
  process.once('SIGINT', stop).once('SIGTERM', stop);
  onProgress('Migrating a copy…');
  try {
    const trial = await tryUpgrade(path);
    const message = `a copy took ${describeMs(trial.tookMs)}, and has ${describeBytes(trial.bytes)} now`;
    return { trial, finding: ok(message) };
  } catch (error) {
    const refused = explainRefusal(error, 'database_refused');
    if (!(refused instanceof CliError)) throw error;
    return { trial: undefined, finding: problem(refused.message, { say: 'Keep the version that runs' }) };
  } finally {
    onProgress('');
    process.off('SIGINT', stop).off('SIGTERM', stop);
  }
}

function describeMs(ms: number): string {
  return ms < 10_000 ? `${(ms / 1000).toFixed(1)} s` : `${Math.round(ms / 1000)} s`;
}

/** The last backup that the daemon made of a database. */
async function findKnownBackup(context: Context, database: Database): Promise<MadeBackup | undefined> {
  if (database.kind !== 'sqlite') return undefined;
  const { findLastBackup } = await import('@authsvc/server');
  return findLastBackup(locateDaemon(context).backups, database.path);
}

function readNamedBackup(file: string): MadeBackup {
  const path = resolve(file);
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats) return { path, at: stats.mtime.toISOString() };
  throw new CliError({ status: exitStatus.refused, code: 'no_backup', what: `There is no backup at ${path}` });
}

async function judgeBackup(
  { now, env }: Context,
  backup: MadeBackup | undefined,
  database: Database,
  missing: readonly string[],
  isNamed: boolean,
): Promise<Finding> {
  if (!backup) {
    if (database.kind === 'sqlite') return problem('none is known', BACK_UP);
    return warning("made with PostgreSQL's own tools, and not seen from here", {
      say: 'Make one with pg_dump, and name it with --backup',
    });
  }
  const where = shortPath(backup.path, env);
  if (!existsSync(backup.path)) return problem(`${where} is no longer there`, BACK_UP);
  if (database.kind === 'sqlite') {
    const { checkBackup } = await import('@authsvc/core');
    // After a way back, the last backup may be one that the new version made.
    const fault = await checkBackup(backup.path, missing).then(
      () => undefined,
      (error: Error) => error.message,
    );
    if (fault !== undefined) return problem(fault, BACK_UP);
  }
  const ageMs = now() - Date.parse(backup.at);
  if (ageMs < -CLOCK_SKEW_MS) return problem(`${where} is dated in the future`, BACK_UP);
  const since = describeTimeSince(backup.at, now());
  const found = `${where} was ${isNamed ? 'written' : 'made'} ${since === 'now' ? 'just now' : since}`;
  return ageMs <= FRESH_MS ? ok(found) : problem(`${found}, which is more than a day`, BACK_UP);
}
