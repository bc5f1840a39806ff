import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { queryPostgres } from '../../test/postgres-query.ts';
import { startPostgresServer } from '../../test/postgres-server.mjs';
import { startDaemon } from '../support/daemon.ts';
import { send } from '../support/http-client.mjs';
import { it, serve } from '../support/journey.ts';
import { makePostgresDatabase } from '../support/postgres.ts';

const credentials = { email: 'ada@example.com', password: 'correct horse battery' };

describe('eight instances', () => {
  it('start at once on an empty database: one migrates it, and all are healthy', async ({ home }) => {
    const databaseUrl = await makePostgresDatabase();
    const start = async (_: unknown, index: number) => {
      const own = join(home, String(index));
      await mkdir(own);
      const daemon = await serve(own, { AUTHSVC_DATABASE_URL: databaseUrl });
      return daemon;
    };
    const instances = await Promise.all(Array.from({ length: 8 }, start));
    const ready = await Promise.all(instances.map(({ url }) => send(url, 'GET /ready')));
    expect(ready.map(({ status, body }) => ({ status, body }))).toEqual(
      instances.map(() => ({ status: 200, body: { status: 'ready' } })),
    );
    const applied = await queryPostgres(
      databaseUrl,
      'select name, count(*)::int as times, max(batch) as batch from migrations group by name',
    );
    expect(applied.length).toBeGreaterThan(0);
    expect(applied).toEqual(applied.map(({ name }) => ({ name, times: 1, batch: 1 })));
  });
});

describe('a PostgreSQL server that is lost', () => {
  it('is answered for at once, and used again when it is back, without a restart', async ({ home, onTestFinished }) => {
    const server = await startPostgresServer();
    onTestFinished(server.remove);
    const daemon = await serve(home, { AUTHSVC_DATABASE_URL: server.url });
    const call = (target: string, json?: unknown, session?: string) =>
      send(daemon.url, target, { ...(json !== undefined && { json }), session });
    await call('POST /users', credentials);
    const { session } = await call('POST /sessions', credentials);
    const profile = () => call('GET /profile', undefined, session);
    expect((await profile()).status).toBe(200);

    await server.stop();
    const asked = performance.now();
    const answers = [await profile(), await call('POST /sessions', credentials), await call('GET /ready')];
    expect(performance.now() - asked).toBeLessThan(3000);
    expect(answers.map(({ status, body, headers }) => [status, body, headers['retry-after']])).toEqual(
      answers.map(() => [
        503,
        { code: 'database_unavailable', message: 'the database does not answer right now; try again shortly' },
        '1',
      ]),
    );
    expect((await call('GET /health')).status).toBe(200);

    await server.start();
    expect((await profile()).status).toBe(200);
    expect((await call('POST /sessions', credentials)).status).toBe(200);
    expect((await call('GET /ready')).status).toBe(200);
    expect(daemon.stderr() + daemon.stdout()).not.toContain(new URL(server.url).password);
    expect((await send(daemon.control, 'GET /daemon')).text).not.toContain(new URL(server.url).password);
  });

  it('keeps the daemon from starting, which says which one it is', async ({ home }) => {
    const url = 'postgres://ada:canary-password@127.0.0.1:1/auth?sslmode=disable';
    const starting = startDaemon({ home, settings: { AUTHSVC_DATABASE_URL: url } });
    const failure = await starting.then(
      () => '',
      (error: Error) => error.message,
    );
    expect(failure).toContain('the database auth at 127.0.0.1 cannot be reached: connect ECONNREFUSED 127.0.0.1:1');
    expect(failure).not.toContain('canary-password');
  });
});
