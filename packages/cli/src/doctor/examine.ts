import { resolveStateFolder } from '@authsvc/client/folders';
import { exchange } from '@authsvc/client/node';
import type { Context } from '../context.ts';
import { askDaemon } from '../daemon/ask-daemon.ts';
import { type DaemonBody, findLocalDaemon, type LocalDaemonPlace, locateDaemon } from '../daemon/local-daemon.ts';
import { readSettings, type SettingsRead, type SettingWarnings } from '../daemon/read-settings.ts';
import { type Account, readAccountIndex } from '../session-store/account-index.ts';
import { readRequiredNode } from '../version.ts';
import { checkBackup } from './check-backup.ts';
import { checkCodes } from './check-codes.ts';
import { checkDaemon } from './check-daemon.ts';
import { checkFolder, checkPostgres, checkSqlite, judgeMoved } from './check-data.ts';
import { checkKeychain } from './check-keychain.ts';
import { checkDisk, checkNode, checkPort } from './check-machine.ts';
import { judgeResetDelivery, judgeSettings } from './check-settings.ts';
import { type Finding, findingOf, ok } from './finding.ts';

/** Every check, by its name in `--json` and its label, in the order shown. */
export const checkLabels = {
  node: 'Node.js',
  keychain: 'Keychain',
  sessions: 'Sessions',
  data_folder: 'Data folder',
  disk: 'Disk',
  daemon: 'Daemon',
  clock: 'Clock',
  port: 'Port',
  database: 'Database',
  backup: 'Backup',
  reset_delivery: 'Reset tokens',
  settings: 'Settings',
} as const;

type CheckName = keyof typeof checkLabels;

export interface NamedFinding extends Finding {
  readonly name: CheckName;
}

/** The warning of a daemon whose database was removed or replaced. */
const DATABASE_MOVED = 'database_moved';

type Check = () => Finding | readonly Finding[] | Promise<Finding | readonly Finding[]>;

/**
 * Run every check. Nothing is changed, and a check that fails stops no other.
 *
 * @param server asked for the time when no daemon of this user runs.
 */
export async function examine(context: Context, server: string): Promise<readonly NamedFinding[]> {
  const place = locateDaemon(context);
  const stateFolder = resolveStateFolder(context.env, context.platform);
  const settings = await readSettings(context);
  const found = await findLocalDaemon(place).catch(findingOf);
  const daemon = found && 'pid' in found ? found : undefined;
  const seen = found && 'message' in found ? { daemon: found } : await checkDaemon(context, server, daemon);

  // A daemon may run with other settings than this environment's.
  const known = daemon ? warningsOf(context, daemon) : Promise.resolve(settings.warnings);
  // Each check that awaits it reports the failure.
  known.catch(() => undefined);
  const inForce = async () => (await known).filter(({ event }) => event !== DATABASE_MOVED);
  const findMoved = async () => (daemon ? (await known).find(({ event }) => event === DATABASE_MOVED) : undefined);
  const checks: Partial<Record<CheckName, Check>> = {
    node: () => checkNode(process.versions.node, readRequiredNode()),
    keychain: () => checkKeychain(context, storedAccounts(stateFolder)),
    sessions: () => checkSessions(stateFolder, context),
    data_folder: () => checkFolder(place.dataFolder, context),
    disk: () => checkDisk(place.dataFolder),
    daemon: () => seen.daemon,
    clock: async () => [
      ...('clock' in seen && seen.clock ? [seen.clock] : []),
      ...(daemon ? await checkCodes(context) : []),
    ],
    port: () => whoHoldsThePort(daemon, settings),
    database: async () => {
      const moved = await findMoved();
      return moved ? judgeMoved(moved.message) : await checkDatabaseOf(daemon, settings, place);
    },
    // A database that is not in its place would look as if it had no account.
    backup: async () => ((await findMoved()) ? [] : await checkBackupOf(context, daemon, settings, place)),
    ...(settings.problems.length === 0 && { reset_delivery: async () => judgeResetDelivery(await inForce()) }),
    settings: async () => judgeSettings(settings.problems, await inForce()),
  };
  const names = Object.keys(checkLabels) as CheckName[];
  const findings = await Promise.all(names.map(async (name) => runCheck(name, checks[name] ?? (() => []))));
  return findings.flat();
}

async function runCheck(name: CheckName, check: Check): Promise<NamedFinding[]> {
  try {
    return [await check()].flat().map((finding) => ({ name, ...finding }));
  } catch (error) {
    return [{ name, ...findingOf(error) }];
  }
}

/** None where the index cannot be read, which {@link checkSessions} reports. */
function storedAccounts(stateFolder: string): readonly Account[] {
  try {
    return readAccountIndex(stateFolder).accounts;
  } catch {
    return [];
  }
}

function checkSessions(stateFolder: string, context: Context): Finding {
  const folder = checkFolder(stateFolder, context);
  if (folder.state !== 'ok') return folder;
  const count = readAccountIndex(stateFolder).accounts.length;
  return ok(count === 0 ? 'none is stored' : `${count} stored, closed to other users`);
}

function whoHoldsThePort(daemon: DaemonBody | undefined, { config }: SettingsRead): Finding | Promise<Finding> | [] {
  if (daemon) return ok(`${new URL(daemon.url).port || 80} is held by the daemon (pid ${daemon.pid})`);
  return config ? checkPort(config.listenHost, config.listenPort) : [];
}

function checkDatabaseOf(daemon: DaemonBody | undefined, settings: SettingsRead, place: LocalDaemonPlace) {
  const path = findSqlitePath(daemon, settings, place);
  if (path !== undefined) return checkSqlite(path);
  // The daemon does not report the database's password, which is in the settings read here.
  const database = settings.config?.database;
  return database?.kind === 'postgres' ? checkPostgres(database) : ok(daemon?.database ?? '');
}

function checkBackupOf(
  context: Context,
  daemon: DaemonBody | undefined,
  settings: SettingsRead,
  place: LocalDaemonPlace,
): Finding | Promise<Finding | []> {
  const path = findSqlitePath(daemon, settings, place);
  if (path !== undefined) return checkBackup(context, place.backups, path);
  return ok("left to PostgreSQL's own tools, such as pg_dump, and not seen here");
}

/** Undefined where the database is in PostgreSQL. */
function findSqlitePath(
  daemon: DaemonBody | undefined,
  { config }: SettingsRead,
  place: LocalDaemonPlace,
): string | undefined {
  if (daemon) return /^sqlite:(.+)$/.exec(daemon.database)?.[1];
  return config?.database.kind === 'postgres' ? undefined : (config?.database.path ?? place.database);
}

async function warningsOf(context: Context, daemon: DaemonBody): Promise<SettingWarnings> {
  // `/ready` makes it check that its database file is still in place; the rest is another check's.
  const ready = { method: 'GET', url: new URL('/ready', daemon.url), headers: {} } as const;
  await exchange(ready, { connectMs: 2000, totalMs: 5000 }).catch(() => undefined);
  const { warnings } = await askDaemon<{ warnings: SettingWarnings }>(context, {
    method: 'GET',
    path: '/daemon/warnings',
  });
  return warnings;
}
