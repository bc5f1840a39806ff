import { lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { shell } from '@authsvc/client/shell-command';
import type { Context } from '../context.ts';
import { shortPath } from '../daemon/local-daemon.ts';
import { type Finding, ok, problem, warning } from './finding.ts';

const OTHERS_MAY_DO_ANYTHING = 0o077;
const MOST_NAMES = 3;

/** Check that a folder and everything in it is closed to other users. */
export function checkFolder(folder: string, { env, platform }: Pick<Context, 'env' | 'platform'>): Finding {
  const short = shortPath(folder, env);
  if (!lstatSync(folder, { throwIfNoEntry: false })) return ok(`${short} is not made yet`);
  if (platform === 'win32') return ok(`${short}; who may read it is not looked at on Windows`);

  const entries = [folder, ...entriesOf(folder)];
  const nameOf = (path: string) => (path === folder ? short : path.slice(folder.length + 1));
  const foreign = entries.filter((path) => isAnothers(path));
  if (foreign.length > 0) {
    const owner = shell`sudo chown -R "$(id -un)" ${folder}`;
    return problem(`${listed(foreign.map(nameOf))} of another user`, { say: 'Take it over', command: owner });
  }
  const open = entries.filter((path) => isOpen(path));
  if (open.length === 0) return ok(`${short} is closed to other users`);
  return problem(`${listed(open.map(nameOf))} open to other users`, {
    say: 'Close it',
    command: shell`chmod -R go= ${folder}`,
  });
}

function entriesOf(folder: string): string[] {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  // A symbolic link has no mode of its own.
  return entries.filter((entry) => !entry.isSymbolicLink()).map((entry) => join(entry.parentPath, entry.name));
}

function isAnothers(path: string): boolean {
  const me = process.getuid?.();
  const stats = lstatSync(path, { throwIfNoEntry: false });
  return me !== undefined && stats !== undefined && stats.uid !== me;
}

function isOpen(path: string): boolean {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  return stats !== undefined && (stats.mode & OTHERS_MAY_DO_ANYTHING) !== 0;
}

function listed(names: readonly string[]): string {
  const shown = names.slice(0, MOST_NAMES).join(', ');
  const rest = names.length - MOST_NAMES;
  return `${shown}${rest > 0 ? ` and ${rest} more` : ''} ${names.length === 1 ? 'is' : 'are'}`;
}

const RESTORE = { say: 'Restore a backup', command: shell`authsvc restore FILE` };

/** Read a whole SQLite database without changing it, whether or not a daemon uses it. */
export async function checkSqlite(path: string): Promise<Finding> {
  const { checkSqliteFile } = await import('@authsvc/core');
  const health = await checkSqliteFile(path).catch((error: Error) => error);
  if (health === undefined) return ok('SQLite; not made yet');
  if (health instanceof Error) {
    return problem(health.message, { say: 'Name another file: AUTHSVC_DATABASE_URL, or AUTHSVC_DATA_DIR' });
  }
  const [complaint] = health.damage;
  if (complaint !== undefined) return problem(`${path} is damaged (${complaint})`, RESTORE);
  return judgeSchema('SQLite, whole', health.schema);
}

/** The daemon reports that its database file was moved or replaced. */
export function judgeMoved(message: string): Finding {
  return problem(message, {
    say: 'Back up what the daemon still has open, stop it, and restore that backup',
    command: shell`authsvc backup saved.db`,
  });
}

/** Check PostgreSQL as an instance does on start. */
export async function checkPostgres(database: { name: string; url: string }): Promise<Finding> {
  const { openPostgresDatabase } = await import('@authsvc/core');
  try {
    const opened = await openPostgresDatabase({ url: database.url, connections: 2 });
    try {
      if (!(await opened.isMigrated())) return judgeSchema(database.name, 'older');
      await opened.assertGranted();
      return judgeSchema(database.name, 'current');
    } finally {
      await opened.close();
    }
  } catch (error) {
    return problem((error as Error).message, {
      say: 'Correct AUTHSVC_DATABASE_URL, start the server, or grant what is missing',
    });
  }
}

function judgeSchema(what: string, age: 'current' | 'older' | 'newer'): Finding {
  switch (age) {
    case 'current':
      return ok(`${what}; schema up to date`);
    case 'older':
      return warning(`${what}; schema older than this version`, {
        say: 'Restart the daemon, which migrates it',
        command: shell`authsvc daemon restart`,
      });
    case 'newer':
      return problem(`${what}; schema of a newer version of authsvc`, { say: 'Install that version of authsvc' });
  }
}
