import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { queryPostgres } from '../../test/postgres-query.ts';
import { startDaemon } from '../support/daemon.ts';
import { send } from '../support/http-client.mjs';
import { it, openTerminal, serve } from '../support/journey.ts';
import { makePostgresDatabase } from '../support/postgres.ts';
import { root } from '../support/program.ts';
import { runAuthsvc } from '../support/run-authsvc.ts';

const credentials = { email: 'ada@example.com', password: 'correct horse battery' };

describe('authsvc migrate', () => {
  it('moves accounts and sessions to PostgreSQL, which serves them on', async ({ home }) => {
    const url = await makePostgresDatabase();
    const { password } = new URL(url);
    const withoutPassword = url.replace(`:${password}@`, '@');
    const name = url.replace(/postgres:\/\/.*@/, 'postgres://').replace('?sslmode=disable', '');
    const env = { AUTHSVC_DATA_DIR: join(home, 'data'), PGPASSWORD: password };
    const migrate = (args: readonly string[], input?: string) => runAuthsvc(['migrate', ...args], { home, env, input });

    const before = await startDaemon({ home });
    await send(before.url, 'POST /users', { json: credentials });
    const { session } = await send(before.url, 'POST /sessions', { json: credentials });
    const { email } = credentials;
    for (const args of [
      ['set', email, '--role', 'admin'],
      ['verify', email],
    ]) {
      expect(await runAuthsvc(['users', ...args], { home, env })).toMatchObject({ exitCode: 0 });
    }
    const { body: whoami } = await send(before.url, 'GET /whoami', { session });
    expect(whoami).toMatchObject({ user: { email, role: 'admin', email_verified: true } });
    const refused = await migrate([withoutPassword]);
    expect(refused.exitCode).toBe(5);
    expect(refused.stderr).toContain(
      `uses the data folder ${before.dataFolder}\n  If a daemon runs, stop it first: authsvc daemon stop`,
    );
    await before.stop();

    const first = await migrate([withoutPassword, '--json']);
    expect(first).toMatchObject({ exitCode: 0, stderr: '' });
    const report = JSON.parse(first.stdout);
    expect(report).toEqual({
      database: name,
      tables: [
        'users',
        'sessions',
        'totp_factors',
        'recovery_codes',
        'pending_totp',
        'pending_logins',
        'devices',
        'reserved_addresses',
        'reset_tokens',
        'one_time_tokens',
        'throttles',
        'known_addresses',
        'outbox',
        'mails',
        'defaults',
        'events',
      ].map((table) => ({
        table,
        rows: expect.any(Number),
        digest: expect.stringMatching(/^[\da-f]{64}$/),
      })),
    });
    expect(report.tables[0].rows).toBe(1);

    const again = await migrate(['--database-url-stdin', '--json'], url);
    expect(JSON.parse(again.stdout)).toEqual(report);
    const terminal = openTerminal(['migrate', withoutPassword], { home, env });
    await terminal.shows('users: 1 rows…');
    await terminal.shows('holds what');
    expect(await terminal.ended).toBe(0);

    const after = await serve(home, { AUTHSVC_DATABASE_URL: url });
    expect(await send(after.url, 'GET /profile', { session })).toMatchObject({
      status: 200,
      body: { email: credentials.email },
    });
    expect((await send(after.url, 'GET /whoami', { session })).body).toEqual(whoami);
    expect(await send(after.url, 'POST /sessions', { json: credentials })).toMatchObject({ status: 200 });
    for (const { stdout, stderr } of [refused, first, again]) expect(stdout + stderr).not.toContain(password);
  });

  it('refuses a password in an argument, and what is no PostgreSQL database', async ({ home }) => {
    const migrate = (...args: string[]) => runAuthsvc(['migrate', ...args], { home });
    const secret = await migrate('postgres://ada:canary-password@db.example.com/auth');
    expect(secret).toEqual({
      exitCode: 2,
      stdout: '',
      stderr: [
        '✗ A password does not belong in an argument, where every user of this machine can read it',
        '  Leave it out and set PGPASSWORD, or pipe the whole URL in.',
        '  Pipe it in: printf %s "$DATABASE_URL" | authsvc migrate --database-url-stdin',
      ].join('\n'),
    });
    expect((await migrate('mysql://db.example.com/auth')).exitCode).toBe(2);
    expect((await migrate()).exitCode).toBe(2);
    const nothing = await migrate('postgres://db.example.com/auth');
    expect(nothing).toMatchObject({ exitCode: 5, stderr: expect.stringContaining('There is nothing to copy') });
    await expect(stat(join(home, '.local'))).rejects.toThrow('ENOENT');
  });

  it('makes the tables alone, for a role that may not', async ({ home, onTestFinished }) => {
    const url = await makePostgresDatabase();
    const role = `${new URL(url).pathname.slice(1)}_app`;
    const only = await runAuthsvc(['migrate', '--schema-only'], { home, env: { AUTHSVC_DATABASE_URL: url } });
    expect(only).toMatchObject({ exitCode: 0, stderr: expect.stringContaining('has every table') });
    onTestFinished(async () => {
      await queryPostgres(url, `drop owned by ${role}`, `drop role ${role}`);
    });
    await queryPostgres(url, ...(await documentedRole(role)));

    const asRole = new URL(url);
    asRole.username = role;
    asRole.password = 'secret';
    const daemon = await serve(home, { AUTHSVC_DATABASE_URL: asRole.href });
    expect((await send(daemon.url, 'POST /users', { json: credentials })).status).toBe(200);
    expect((await send(daemon.url, 'POST /sessions', { json: credentials })).status).toBe(200);
    const { body } = await send(daemon.url, 'POST /reset_password', { json: { email: credentials.email } });
    const { reset_token } = body as { reset_token: string };
    const fields = { email: credentials.email, reset_token, new_password: 'staple after staple' };
    expect((await send(daemon.url, 'PUT /reset_password', { json: fields })).status).toBe(200);
    expect((await send(daemon.url, 'GET /ready')).status).toBe(200);
    await expect(queryPostgres(asRole, 'create table stranger ()')).rejects.toThrow('permission denied');
    await expect(queryPostgres(asRole, 'drop table users')).rejects.toThrow('must be owner');
    await expect(queryPostgres(asRole, 'delete from migrations')).rejects.toThrow('permission denied');
  });
});

/**
 * The statements with which `docs/scaling.md` makes a role that may read and write rows, and
 * nothing else.
 */
async function documentedRole(role: string): Promise<string[]> {
  const page = await readFile(join(root, 'docs', 'scaling.md'), 'utf8');
  const [, sql = ''] = /```sql\n([\s\S]*?)```/.exec(page) ?? [];
  const statements = sql.replaceAll('authsvc_app', role).replace('<password>', 'secret').split(';');
  return statements.map((statement) => statement.trim()).filter(Boolean);
}
