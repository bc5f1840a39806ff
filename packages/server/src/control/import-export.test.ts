import { LONGEST_LINE } from '@authsvc/client/split-lines';
import { AuthError } from '@authsvc/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { json, post } from '../testing/requests.ts';
import { createTestControlServer, type TestControlServer } from '../testing/test-control-server.ts';

const LINES = { 'content-type': 'application/x-ndjson' };
const hash = `$2b$10$${'a'.repeat(53)}`;

let control: TestControlServer;

beforeEach(async () => {
  control = await createTestControlServer();
});
afterEach(() => control.close());

const linesOf = (text: string) =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .map((line): unknown => JSON.parse(line));

async function importLines(lines: readonly (string | object)[], query = '') {
  const payload = lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line))).join('\n');
  const response = await control.server.inject(post(payload, LINES, `/users/import${query}`));
  return [response.statusCode, ...linesOf(response.payload)];
}

async function exported(query = '') {
  const response = await control.server.inject({ method: 'GET', url: `/users/export${query}` });
  expect([response.statusCode, response.headers['content-type']]).toEqual([200, LINES['content-type']]);
  return linesOf(response.payload);
}

const summary = (imported: number, exists: number, refused: number) => ({ summary: { imported, exists, refused } });

describe('POST /users/import', () => {
  it('says of each refused line why, and last what became of all', async () => {
    const lines = [
      { line: 1, email: 'Ada@example.com', password_hash: hash, created_at: '2020-02-03', disabled_at: null },
      { line: 2, email: 'ada', password_hash: hash },
      'not JSON',
      '',
      'null',
      '[]',
      { line: 5, email: 'eve@example.com' },
      { line: 6, email: 'eve@example.com', password_hash: 5 },
      { line: 7, email: 'eve@example.com', password_hash: hash, created_at: 'yesterday' },
      { line: 8, email: 'eve@example.com', password_hash: hash, disabled_at: 5 },
      JSON.stringify({ line: 9, email: 'x'.repeat(LONGEST_LINE), password_hash: hash }),
      { line: 12, email: 'eve@example.com', password_hash: hash, role: 'Über' },
      { line: 13, email: 'eve@example.com', password_hash: hash, role: 5 },
      { line: 14, email: 'eve@example.com', password_hash: hash, email_verified: 'maybe' },
      { line: 'ten', email: 'eve@example.com', password_hash: hash, created_at: '2020-13-45' },
      { line: 11, email: 'ada@EXAMPLE.com', password_hash: hash },
    ];
    const needed = 'email and password_hash are needed';
    const noTime = 'a time is not ISO 8601';
    expect(await importLines(lines)).toEqual([
      200,
      { line: 0, refused: 'not JSON' },
      { line: 0, refused: needed },
      { line: 0, refused: needed },
      { line: 5, refused: needed },
      { line: 6, refused: needed },
      { line: 7, refused: noTime },
      { line: 8, refused: noTime },
      { line: 0, refused: `longer than ${LONGEST_LINE} characters` },
      { line: 13, refused: 'role is not text' },
      { line: 14, refused: 'email_verified is neither true nor false' },
      { line: 0, refused: noTime },
      { line: 2, refused: 'email must be an email address' },
      { line: 12, refused: 'a role is a lower-case letter, then at most 31 of a-z, 0-9, _ and -' },
      { done: 15 },
      summary(1, 1, 13),
    ]);
    expect(await exported()).toEqual([
      {
        email: 'Ada@example.com',
        password_hash: hash,
        created_at: '2020-02-03T00:00:00.000Z',
        disabled_at: null,
        role: 'user',
        email_verified: false,
      },
    ]);
  });

  it('takes its own export back, and changes nothing when it is done again', async () => {
    const lines = Array.from({ length: 1203 }, (_, index) => ({
      email: `user${String(index).padStart(5, '0')}@example.com`,
      password_hash: hash,
      created_at: new Date(index * 1e9).toISOString(),
      disabled_at: index % 7 === 0 ? '2026-01-01T00:00:00.000Z' : null,
      role: index % 5 === 0 ? 'admin' : 'user',
      email_verified: index % 2 === 0,
    }));
    const progress = [{ done: 500 }, { done: 1000 }, { done: 1203 }];
    expect(await importLines(lines)).toEqual([200, ...progress, summary(1203, 0, 0)]);
    expect(await exported()).toEqual(lines);
    expect(await importLines(lines)).toEqual([200, ...progress, summary(0, 1203, 0)]);
    expect(await exported()).toEqual(lines);
  });

  it('takes second factors, and says of each that is none why', async () => {
    const secret = 'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP';
    const digest = 'a'.repeat(43);
    const account = { email: 'eve@example.com', password_hash: hash };
    const noTotp = 'totp is not {"secret", "enabled_at", "last_step"}';
    const refusedFactors: readonly [object, string][] = [
      [{ totp: secret }, noTotp],
      [{ totp: { secret: 5 } }, noTotp],
      [{ totp: { secret, enabled_at: 'yesterday' } }, noTotp],
      [{ totp: { secret, last_step: -1 } }, noTotp],
      [{ totp: { secret, last_step: '5' } }, noTotp],
      [{ totp: { secret, digits: 8 } }, noTotp],
      [{ totp: { secret }, recovery_codes: digest }, 'recovery_codes is no list of digests'],
      [{ totp: { secret }, recovery_codes: [5] }, 'recovery_codes is no list of digests'],
      [{ recovery_codes: [digest] }, 'recovery_codes need totp'],
      [{ totp: { secret: 'abc' } }, 'the secret of a second factor is 10 to 64 bytes in base32'],
      [{ totp: { secret }, recovery_codes: ['short'] }, 'recovery codes are at most 100 SHA-256 digests in base64url'],
    ];
    for (const [fields, refused] of refusedFactors) {
      expect(await importLines([{ line: 1, ...account, ...fields }])).toContainEqual({ line: 1, refused });
    }
    const lines = [
      {
        ...account,
        created_at: '2026-01-01T00:00:00.000Z',
        disabled_at: null,
        role: 'user',
        email_verified: true,
        totp: { secret, enabled_at: '2026-02-03T00:00:00.000Z', last_step: 59_000_000 },
        recovery_codes: [digest],
      },
    ];
    expect(await importLines(lines)).toEqual([200, { done: 1 }, summary(1, 0, 0)]);
    expect(await exported('?with_factors=true')).toEqual(lines);
  });

  it('writes nothing in a dry run', async () => {
    const line = { line: 1, email: 'ada@example.com', password_hash: hash };
    for (let run = 0; run < 2; run += 1) {
      expect(await importLines([line], '?dry_run=true')).toEqual([200, { done: 1 }, summary(1, 0, 0)]);
    }
    expect(await exported()).toEqual([]);
    expect(control.auth.events).toEqual([]);
  });

  it('takes an empty file', async () => {
    expect(await importLines([])).toEqual([200, summary(0, 0, 0)]);
  });

  it('refuses what are no lines, and a query that it does not know', async () => {
    const status = async (...request: Parameters<typeof post>) =>
      (await control.server.inject(post(...request))).statusCode;
    const url = '/users/import';
    expect((await control.server.inject(json([], url))).json()).toEqual({
      code: 'unsupported_media_type',
      message: 'send lines as application/x-ndjson',
    });
    expect(await status('a=b', { 'content-type': 'application/x-www-form-urlencoded' }, url)).toBe(415);
    expect(await status('{}', { 'content-type': 'text/plain' }, url)).toBe(415);
    expect((await control.server.inject({ method: 'POST', url })).statusCode).toBe(415);
    expect(await status('', LINES, `${url}?dry_run=false`)).toBe(400);
    expect(await status('', LINES, `${url}?dryrun=true`)).toBe(400);
    expect(control.errors).toEqual([]);
  });

  it('ends with the reason when the database gives up in the middle', async () => {
    let batches = 0;
    const { store } = control.auth;
    const failing: typeof store = {
      ...store,
      write: (work) => {
        batches += 1;
        return batches === 2 ? Promise.reject(new AuthError('database_unavailable')) : store.write(work);
      },
    };
    const other = await createTestControlServer({ store: failing }, control.auth);
    const lines = Array.from({ length: 1200 }, (_, index) =>
      JSON.stringify({ line: index + 1, email: `user${index}@example.com`, password_hash: hash }),
    );
    const response = await other.server.inject(post(lines.join('\n'), LINES, '/users/import'));
    await other.close();
    const message = 'the database does not answer right now; try again shortly';
    expect(linesOf(response.payload)).toEqual([{ done: 500 }, { error: { code: 'database_unavailable', message } }]);
    expect(await exported()).toHaveLength(500);
  });
});

describe('GET /users/export', () => {
  it('has no second factor unless it is asked for', async () => {
    const line = { email: 'ada@example.com', password_hash: hash, totp: { secret: 'JBSWY3DPEHPK3PXP' } };
    await importLines([line, { ...line, email: 'bob@example.com', totp: null }]);
    expect(JSON.stringify(await exported())).not.toMatch(/totp|recovery_codes|JBSWY3DPEHPK3PXP/);
    const [ada, bob] = await exported('?with_factors=true');
    expect(ada).toMatchObject({ totp: { secret: 'JBSWY3DPEHPK3PXP', last_step: 0 }, recovery_codes: [] });
    expect(bob).toMatchObject({ totp: null, recovery_codes: [] });
    for (const query of ['?with_factors=false', '?with_factors', '?factors=true']) {
      expect((await control.server.inject({ method: 'GET', url: `/users/export${query}` })).statusCode).toBe(400);
    }
  });

  it('is empty where there is nobody', async () => {
    expect(await exported()).toEqual([]);
  });
});
