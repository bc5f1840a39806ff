/**
 * Loads one of the parties' packages, which are there once {@link ../install-parties.mjs} has run;
 * so the checks of this clone do not need them.
 *
 * @param {'autocannon' | 'better-auth' | 'better-auth/db/migration' | 'better-auth/node' |
 * 'better-sqlite3'} name
 * @returns {Promise<any>}
 */
export function importInstalled(name) {
  return import(name);
}
