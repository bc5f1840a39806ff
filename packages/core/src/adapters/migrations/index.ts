import type { Knex } from 'knex';
import * as accounts from './0001-accounts.ts';
import * as throttlesAndOutbox from './0002-throttles-and-outbox.ts';
import * as oneTimeTokens from './0003-one-time-tokens.ts';
import * as roleAndVerification from './0004-role-and-verification.ts';

type Migration = Pick<typeof accounts, 'up' | 'down'>;

const migrations: readonly (readonly [name: string, migration: Migration])[] = [
  ['0001-accounts', accounts],
  ['0002-throttles-and-outbox', throttlesAndOutbox],
  ['0003-one-time-tokens', oneTimeTokens],
  ['0004-role-and-verification', roleAndVerification],
];

/** The migrations as modules, in order, so that nothing is looked for on the disk. */
const migrationSource: Knex.MigrationSource<readonly [string, Migration]> = {
  getMigrations: async () => [...migrations],
  getMigrationName: ([name]) => name,
  getMigration: async ([, migration]) => migration,
};

export const migrationConfig: Knex.MigratorConfig = {
  migrationSource,
  tableName: 'migrations',
};

export const migrationNames: readonly string[] = migrations.map(([name]) => name);
