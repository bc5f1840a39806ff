import { shell } from '@authsvc/client/shell-command';
import { type Finding, ok, problem, warning } from './finding.ts';

const RESTORE = { say: 'Put a backup in its place', command: shell`authsvc restore FILE` };

/** Reads a whole SQLite database, while a daemon uses it or not, and changes nothing in it. */
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

/** What the daemon knows of a database file that is no longer where it opened it. */
export function judgeMoved(message: string): Finding {
  return problem(message, {
    say: 'Save what it has open, stop it, and restore that',
    command: shell`authsvc backup saved.db`,
  });
}

/** Asks PostgreSQL, as an instance that starts would. */
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
        say: 'Have it brought up to date',
        command: shell`authsvc daemon restart`,
      });
    case 'newer':
      return problem(`${what}; schema of a newer version of authsvc`, { say: 'Install that version of authsvc' });
  }
}
