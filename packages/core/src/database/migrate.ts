import type { Knex } from 'knex';
import { DatabaseRefusedError } from './errors.ts';
import { up as accounts } from './migrations/0001-accounts.ts';
import { up as throttlesAndOutbox } from './migrations/0002-throttles-and-outbox.ts';
import { up as oneTimeTokens } from './migrations/0003-one-time-tokens.ts';
import { up as roleAndVerification } from './migrations/0004-role-and-verification.ts';
import { up as verification } from './migrations/0005-verification.ts';
import { up as secondFactor } from './migrations/0006-second-factor.ts';
import { up as notices } from './migrations/0007-notices.ts';

type Migration = readonly [name: string, up: typeof accounts];

const migrations: readonly Migration[] = [
  ['0001-accounts', accounts],
  ['0002-throttles-and-outbox', throttlesAndOutbox],
  ['0003-one-time-tokens', oneTimeTokens],
  ['0004-role-and-verification', roleAndVerification],
  ['0005-verification', verification],
  ['0006-second-factor', secondFactor],
  ['0007-notices', notices],
];

async function down(): Promise<void> {
  throw new Error('migrations are not undone; restore a backup');
}

/** The migrations as modules, in order, so that Knex searches no folder. */
const migrationSource: Knex.MigrationSource<Migration> = {
  getMigrations: async () => [...migrations],
  getMigrationName: ([name]) => name,
  getMigration: async ([, up]) => ({ up, down }),
};

const MIGRATIONS_TABLE = 'migrations';

export const migrationConfig: Knex.MigratorConfig = { migrationSource, tableName: MIGRATIONS_TABLE };

export const migrationNames: readonly string[] = migrations.map(([name]) => name);

/**
 * Apply the missing migrations in the caller's transaction, which must be exclusive. Of many starts
 * at once, one applies them and the others find nothing to do; a killed one leaves nothing behind,
 * Knex's own lock included.
 *
 * @param name what the database is called in a refusal; no credentials.
 * @throws {@link DatabaseRefusedError} a newer version has migrated it.
 */
export async function migrateIn(trx: Knex.Transaction, name: string): Promise<void> {
  const applied = await appliedMigrations(trx);
  const unknown = applied.find((migration) => !migrationNames.includes(migration));
  if (unknown) {
    throw new DatabaseRefusedError(
      `the database ${name} was made by a newer version of authsvc (migration ${unknown})`,
    );
  }
  // A role that may only read and write rows can start on a database that another has migrated.
  if (applied.length === migrationNames.length) return;
  await trx.migrate.latest(migrationConfig);
}

/** Whether every migration has been applied. */
export async function isMigrated(knex: Knex): Promise<boolean> {
  return (await readMigrationState(knex)).missing.length === 0;
}

/** How a database's schema differs from that of this version. */
export interface MigrationState {
  /** The migrations that it lacks, in order. */
  readonly missing: readonly string[];
  /** Those that only a newer version of authsvc knows. */
  readonly unknown: readonly string[];
}

export async function readMigrationState(knex: Knex): Promise<MigrationState> {
  const applied = await appliedMigrations(knex);
  return {
    missing: migrationNames.filter((name) => !applied.includes(name)),
    unknown: applied.filter((name) => !migrationNames.includes(name)),
  };
}

/** `older`: migrations are missing. `newer`: some are of a newer version of authsvc. */
export type SchemaAge = 'current' | 'older' | 'newer';

export async function readSchemaAge(knex: Knex): Promise<SchemaAge> {
  const { missing, unknown } = await readMigrationState(knex);
  if (unknown.length > 0) return 'newer';
  return missing.length === 0 ? 'current' : 'older';
}

async function appliedMigrations(knex: Knex): Promise<string[]> {
  if (!(await knex.schema.hasTable(MIGRATIONS_TABLE))) return [];
  return knex(MIGRATIONS_TABLE).pluck('name');
}
