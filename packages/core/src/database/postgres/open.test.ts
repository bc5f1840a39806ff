import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import type { Knex } from 'knex';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { register } from '../../accounts/register.ts';
import type { AuthError } from '../../errors.ts';
import {
  createGate,
  createTestAuth,
  type Gate,
  localClient,
  noListeners,
  type TestAuth,
  testDialects,
} from '../../testing/index.ts';
import { createPostgresTestDatabase } from '../../testing/postgres.ts';
import type { Database } from '../database.ts';
import { DatabaseRefusedError } from '../errors.ts';
import { createKnexStore } from '../store.ts';
import { openPostgresDatabase } from './open.ts';

const open = testDialects.find(({ dialect }) => dialect === 'postgres')?.open;
const unavailable = { name: 'AuthError', code: 'database_unavailable', retryAfterSeconds: 1 };

describe('openPostgresDatabase', () => {
  let auth: TestAuth;
  let database: Database;

  beforeEach(async () => {
    auth = await createTestAuth({}, open);
    database = auth.database;
    for (const name of ['one', 'two']) {
      await register(auth, { email: `${name}@example.com`, password: 'secure_password', client: localClient });
    }
  });
  afterEach(() => auth.close());

  const rename = (trx: Knex, name: string) =>
    trx('users')
      .where({ email_key: `${name}@example.com` })
      .update({ updated_at: 7 });

  /**
   * Two transactions that lock the same two rows in opposite order, each holding one before it asks
   * for the other.
   */
  async function embrace(tries: { first: number; second: number }) {
    const held: [Gate, Gate] = [createGate(), createGate()];
    const take = (mine: 0 | 1, names: readonly [string, string], count: () => void) =>
      database.transaction(async (trx) => {
        count();
        await rename(trx, names[0]);
        held[mine].open();
        await held[mine === 0 ? 1 : 0].opened;
        await rename(trx, names[1]);
      });
    await Promise.all([
      take(0, ['one', 'two'], () => {
        tries.first += 1;
      }),
      take(1, ['two', 'one'], () => {
        tries.second += 1;
      }),
    ]);
  }

  it('runs a transaction again that was given up in a deadlock', async () => {
    const tries = { first: 0, second: 0 };
    await embrace(tries);
    // If the server is slow to notice the deadlock, it aborts both.
    expect(tries.first + tries.second).toBeGreaterThan(2);
    expect(await database.read('users').pluck('updated_at')).toEqual([7, 7]);
  });

  it('runs a transaction again that could not be serialized, and gives up after four times', async () => {
    let tries = 0;
    const writing = auth.store.write(async (transaction) => {
      tries += 1;
      await transaction.setDisabledAt('nobody', 1);
      throw Object.assign(new Error('could not serialize access'), { code: '40001' });
    });
    await expect(writing).rejects.toMatchObject(unavailable);
    expect(tries).toBe(4);
  });

  it('waits a moment for a row that is locked, and no longer', async () => {
    const locked = createGate();
    const done = createGate();
    const locking = database.transaction(async (trx) => {
      await rename(trx, 'one');
      locked.open();
      await done.opened;
    });
    await locked.opened;
    const started = performance.now();
    const user = await auth.store.findUserByEmailKey('one@example.com');
    const blocked = auth.store.write((transaction) => transaction.setDisabledAt(user?.id ?? '', 1));
    await expect(blocked).rejects.toMatchObject({ ...unavailable, cause: { code: '55P03' } });
    expect(performance.now() - started).toBeGreaterThan(1400);
    done.open();
    await locking;
  });

  it('ends a statement that takes seconds', async () => {
    await expect(database.read.raw('select pg_sleep(60)')).rejects.toMatchObject({ code: '57014' });
  });

  it.each(['LATIN1', 'SQL_ASCII'])('refuses a database of the encoding %s', async (encoding) => {
    const { url, administer } = await createPostgresTestDatabase();
    const name = `${new URL(url).pathname.slice(1)}_${encoding.toLowerCase()}`;
    await administer((knex) =>
      knex.raw(`create database ${name} encoding '${encoding}' locale 'C' template template0`),
    );
    const other = new URL(url);
    other.pathname = name;
    await expect(openPostgresDatabase({ url: other.href })).rejects.toEqual(
      new DatabaseRefusedError(
        `the database ${name} at 127.0.0.1 has the encoding ${encoding}: make one with createdb --encoding=UTF8 --template=template0`,
      ),
    );
    await administer((knex) => knex.raw(`drop database ${name} with (force)`));
  });

  it('has as many connections as it was given, and gives up on waiting for one', async () => {
    const { url } = await createPostgresTestDatabase();
    const small = await openPostgresDatabase({ url, connections: 2 });
    await small.migrate();
    const store = createKnexStore(small, noListeners);
    const done = createGate();
    const busy = [1, 2].map(() => small.transaction(() => done.opened));
    await expect(store.findUserById('nobody')).rejects.toMatchObject(unavailable);
    done.open();
    await Promise.all(busy);
    expect(await store.findUserById('nobody')).toBeUndefined();
    await small.close();
  });

  it('finds a session by a statement that is prepared once a connection', async () => {
    for (let round = 0; round < 3; round += 1) await auth.store.findActiveSession('unknown');
    const { rows } = await database.read.raw(
      'select name, parameter_types::text[] as types from pg_prepared_statements',
    );
    expect(rows).toEqual([{ name: 'find_active_session', types: ['text'] }]);
  });

  it('asks the indexes alone for a session', async () => {
    const { rows } = await database.transaction(async (trx) => {
      await trx.raw('set local enable_seqscan = off');
      return trx.raw(
        'explain select users.email from sessions join users on users.id = sessions.user_id where sessions.token_digest = ?',
        ['unknown'],
      );
    });
    const plan = rows.map((row: Record<string, string>) => row['QUERY PLAN']).join('\n');
    expect(plan).toContain('sessions_pkey');
    expect(plan).toContain('users_pkey');
  });
});

describe('a PostgreSQL server that is lost', () => {
  /**
   * A proxy to the shared server, which a test can cut: connections stay open, and nothing passes.
   */
  async function openWay(to: URL) {
    const sockets = new Set<Socket>();
    const way = createServer((near) => {
      const far = connect(Number(to.port), to.hostname);
      for (const [from, onto] of [
        [near, far],
        [far, near],
      ] as const) {
        sockets.add(from);
        from.on('error', () => onto.destroy());
        from.on('close', () => onto.destroy());
        from.pipe(onto);
      }
    });
    way.listen(0, '127.0.0.1');
    await once(way, 'listening');
    const url = new URL(to);
    url.port = String((way.address() as AddressInfo).port);
    return {
      url: url.href,
      cut: () => {
        for (const socket of sockets) socket.unpipe().pause();
      },
      reset: () => {
        for (const socket of sockets) socket.destroy();
      },
      close: () => way.close(),
    };
  }

  it.each(['cut', 'reset'] as const)('is answered for, and asked again on other connections (%s)', async (how) => {
    const { url } = await createPostgresTestDatabase();
    const way = await openWay(new URL(url));
    const database = await openPostgresDatabase({ url: way.url, connections: 2 });
    await database.migrate();
    const store = createKnexStore(database, noListeners);
    const ask = () => [
      store.findActiveSession('unknown'),
      store.write((transaction) => transaction.clearThrottles(['unknown'])),
    ];
    await Promise.all(ask());

    way[how]();
    const outcomes = await Promise.all(ask().map((asked) => asked.catch((error: unknown) => error)));
    // The pool may have noticed the reset before the query, and used a new connection.
    if (how === 'reset') expect([undefined, unavailable.code]).toContain((outcomes[0] as AuthError | undefined)?.code);
    else expect(outcomes).toEqual([expect.objectContaining(unavailable), expect.objectContaining(unavailable)]);
    expect(await Promise.all(ask())).toEqual([undefined, undefined]);

    await database.close();
    way.close();
  });
});
