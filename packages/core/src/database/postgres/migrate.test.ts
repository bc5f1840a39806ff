import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { beforeEach, describe, expect, it } from 'vitest';
import { createPostgresTestDatabase, type PostgresTestDatabase } from '../../testing/postgres.ts';
import { DatabaseRefusedError } from '../errors.ts';
import { migrationNames } from '../migrate.ts';
import { openPostgresDatabase } from './open.ts';

const packageFolder = fileURLToPath(new URL('../../..', import.meta.url));
const migrateOnce = `
  import { openPostgresDatabase } from '@authsvc/core';
  const database = await openPostgresDatabase({ url: process.env.DATABASE_URL });
  await database.migrate();
  console.log(await database.isMigrated());
  await database.close();
`;

describe('migrating PostgreSQL', () => {
  let created: PostgresTestDatabase;

  beforeEach(async () => {
    created = await createPostgresTestDatabase();
  });

  const processOptions = () => ({ cwd: packageFolder, env: { ...process.env, DATABASE_URL: created.url } });
  const nodeArguments = (script: string) => ['--input-type=module', '-e', script];
  const applied = () => created.administer((knex) => knex('migrations').orderBy('id').select('name', 'batch'));
  const appliedOnce = migrationNames.map((name) => ({ name, batch: 1 }));

  async function withDatabase<T>(work: (database: Awaited<ReturnType<typeof openPostgresDatabase>>) => Promise<T>) {
    const database = await openPostgresDatabase({ url: created.url });
    try {
      return await work(database);
    } finally {
      await database.close();
    }
  }

  it('makes an empty database ours, once', async () => {
    await withDatabase(async ({ isMigrated, migrate }) => {
      expect(await isMigrated()).toBe(false);
      await migrate();
      await migrate();
      expect(await isMigrated()).toBe(true);
    });
    expect(await applied()).toEqual(appliedOnce);
  });

  it('lets many migrate at once: one does, and the others find it done', async () => {
    const run = () => promisify(execFile)(process.execPath, nodeArguments(migrateOnce), processOptions());
    const outcomes = await Promise.all(Array.from({ length: 4 }, run));
    expect(outcomes).toEqual(outcomes.map(() => ({ stdout: 'true\n', stderr: '' })));
    expect(await applied()).toEqual(appliedOnce);
  });

  it('waits for another that migrates, longer than for any other lock', async () => {
    await created.administer(async (knex) => {
      const other = await knex.transaction();
      await other.raw('select pg_advisory_xact_lock(?)', [0x61_75_74_68]);
      await withDatabase(async ({ migrate, read }) => {
        const migrating = migrate();
        const waiting =
          "select wait_event from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()";
        while ((await read.raw(waiting)).rows.length === 0);
        const limits = await read.raw("select current_setting('lock_timeout') as pool");
        expect(limits.rows).toEqual([{ pool: '1500ms' }]);
        await other.rollback();
        await migrating;
      });
    });
    expect(await applied()).toEqual(appliedOnce);
  });

  it.each([
    ['while it migrates', 'create table "sessions"'],
    ['with its migrations recorded and not committed', 'update "migrations_lock" set'],
  ])('finishes what a process left that was killed %s', async (_when, lastStatement) => {
    const script = `
      import knexModule from 'knex';
      import { migrationConfig } from './dist/database/migrate.js';
      const knex = knexModule({ client: 'pg', connection: process.env.DATABASE_URL, pool: { min: 0, max: 1 } });
      knex.on('query', ({ sql }) => sql.startsWith(${JSON.stringify(lastStatement)}) && !sql.includes('where') && process.kill(process.pid, 'SIGKILL'));
      await knex.transaction(async (trx) => {
        await trx.raw('select pg_advisory_xact_lock(?)', [0x61_75_74_68]);
        await trx.migrate.latest(migrationConfig);
      });
    `;
    const killed = spawn(process.execPath, nodeArguments(script), { ...processOptions(), stdio: 'ignore' });
    expect(await once(killed, 'exit')).toEqual([null, 'SIGKILL']);

    await withDatabase(async ({ isMigrated, migrate }) => {
      expect(await isMigrated()).toBe(false);
      await migrate();
    });
    expect(await applied()).toEqual(appliedOnce);
  });

  it('refuses what a newer version made, and changes nothing in it', async () => {
    await withDatabase(async ({ migrate, write }) => {
      await migrate();
      await write('migrations').insert({ name: '9999-later', batch: 2 });
      const name = new URL(created.url).pathname.slice(1);
      await expect(migrate()).rejects.toEqual(
        new DatabaseRefusedError(
          `the database ${name} at 127.0.0.1 was made by a newer version of authsvc (migration 9999-later)`,
        ),
      );
    });
    expect(await applied()).toEqual([...appliedOnce, { name: '9999-later', batch: 2 }]);
  });

  it('says so when the role may not make tables', async () => {
    const role = `${new URL(created.url).pathname.slice(1)}_role`;
    await created.administer((knex) => knex.raw(`create role ${role} login password 'secret'`));
    const url = new URL(created.url);
    url.username = role;
    url.password = 'secret';
    const database = await openPostgresDatabase({ url: url.href });
    await expect(database.migrate()).rejects.toThrow(/cannot be migrated: permission denied for schema public$/);
    await database.close();
    await created.administer((knex) => knex.raw(`drop role ${role}`));
  });

  it('names the grant that is missing for a table that a new version brought', async () => {
    const name = new URL(created.url).pathname.slice(1);
    const role = `${name}_role`;
    await withDatabase(({ migrate }) => migrate());
    await created.administer(async (knex) => {
      await knex.raw(`create role ${role} login password 'secret'`);
      await knex.raw(`grant select, insert, update, delete on all tables in schema public to ${role}`);
      await knex.raw(`revoke insert on one_time_tokens from ${role}`);
    });
    const url = new URL(created.url);
    url.username = role;
    url.password = 'secret';
    const database = await openPostgresDatabase({ url: url.href });
    const grant = `grant select, insert, update, delete on one_time_tokens to ${role}`;
    await expect(database.migrate()).rejects.toEqual(
      new DatabaseRefusedError(
        `the role ${role} may not use one_time_tokens in the database ${name} at 127.0.0.1: as the owner, run "${grant}"`,
      ),
    );
    await expect(database.assertGranted()).rejects.toThrow(grant);
    await created.administer((knex) => knex.raw(grant));
    await database.assertGranted();
    await database.migrate();
    await database.close();
    await created.administer(async (knex) => {
      await knex.raw(`drop owned by ${role}`);
      await knex.raw(`drop role ${role}`);
    });
  });
});
