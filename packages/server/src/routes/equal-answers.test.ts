import { disableUser, importUsers, register } from '@authsvc/core';
import { localClient, sendMails } from '@authsvc/core/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { encodings, type Fields } from '../testing/requests.ts';
import { createTestServer, type TestServer } from '../testing/test-server.ts';

const password = 'correct horse battery';
const token = 'a4d19e2f-88f1-4bc4-89f7-7d39b98a3d44';
const tableNames = ['users', 'sessions', 'one_time_tokens', 'throttles', 'known_addresses', 'mails', 'events'];

/** Who may have an address. All are of one length, so that content-length must be equal too. */
const holders = ['unknown', 'account', 'pending', 'foreign', 'blocked', 'off-made'] as const;
type Holder = (typeof holders)[number];
const emailOf = (holder: string) => `${holder.padEnd(8, '-')}@example.com`;

interface Asked {
  readonly what: string;
  readonly method?: 'POST' | 'PUT';
  readonly path: string;
  readonly page: string;
  readonly fields: Fields;
  readonly among?: readonly Holder[];
}

const requests: readonly Asked[] = [
  { what: 'a registration', path: '/users', page: '/register', fields: { password } },
  { what: 'a failed login', path: '/sessions', page: '/login', fields: { password: 'not this one at all' } },
  {
    what: 'a login with the password that was typed at the registration',
    path: '/sessions',
    page: '/login',
    fields: { password },
    among: ['pending', 'blocked'],
  },
  { what: 'a request for a reset', path: '/reset_password', page: '/reset', fields: {} },
  {
    what: 'a reset with a wrong token',
    method: 'PUT',
    path: '/reset_password',
    page: '/reset',
    fields: { reset_token: token, new_password: password },
  },
  { what: 'a request for a verification mail', path: '/email_verification', page: '/verify', fields: {} },
  {
    what: 'a proof with a wrong token',
    method: 'PUT',
    path: '/email_verification',
    page: '/verify',
    fields: { verification_token: token, password },
  },
];

describe('where addresses must be proven, known and unknown addresses are the same to a stranger by', () => {
  let test: TestServer;
  const statements: string[] = [];

  beforeEach(async () => {
    const often = { loginsPerMinute: 100, registrationsPerMinute: 100, resetsPerMinute: 100 };
    test = await createTestServer({ emailVerification: 'required', sendsMail: true, resetDelivery: 'smtp', ...often });
    const { auth } = test;
    await makeHolders();
    for (const pool of [auth.database.read, auth.database.write]) pool.on('query', ({ sql }) => statements.push(sql));
  });
  afterEach(() => test.close());

  async function makeHolders(): Promise<void> {
    const { auth } = test;
    const off = { ...auth, policy: { ...auth.policy, emailVerification: 'off' as const } };
    const registration = (holder: Holder) => ({ email: emailOf(holder), password, client: localClient });
    for (const holder of ['account', 'blocked'] as const) {
      const { user } = await register(off, registration(holder));
      await auth.store.write((transaction) => transaction.setEmailVerified(user?.id ?? '', auth.clock.now()));
    }
    await disableUser(auth, emailOf('blocked'));
    await register(off, registration('off-made'));
    await importUsers(auth, [{ email: emailOf('foreign'), passwordHash: 'cheap:from elsewhere' }]);
    await register(auth, registration('pending'));
    expect(await sendMails(auth)).toMatchObject([{ kind: 'registration', to: emailOf('pending') }]);
  }

  async function rows(): Promise<string[]> {
    const found: string[] = [];
    for (const table of tableNames) {
      for (const row of await test.auth.database.read(table)) found.push(`${table} ${JSON.stringify(row)}`);
    }
    return found;
  }

  /** How many rows of each table were written: those that are there now, and were not before. */
  async function rowsBeyond(before: readonly string[]): Promise<Record<string, number>> {
    const counts: Record<string, number> = {};
    for (const row of await rows()) {
      const [table = ''] = row.split(' ', 1);
      if (!before.includes(row)) counts[table] = (counts[table] ?? 0) + 1;
    }
    return counts;
  }

  /** Everything about a request that could say who has the address. */
  async function observe(
    { method = 'POST', path, page, fields }: Asked,
    by: 'endpoint' | 'form' | 'page',
    email: string,
  ) {
    const { hasher } = test.auth;
    const before = await rows();
    const counted = { ...hasher.counts };
    statements.splice(0);
    const { statusCode, headers, body } = await test.server.inject({
      ...encodings[by === 'endpoint' ? 'json' : 'form']({ email, ...fields }),
      method: by === 'page' ? 'POST' : method,
      url: by === 'page' ? page : path,
      // Not loopback, so that it is counted.
      remoteAddress: '192.0.2.1',
    });
    const sent = statements.splice(0);
    const { date: _date, ...others } = headers;
    return {
      statusCode,
      headers: others,
      body: body.replaceAll(email, 'EMAIL').replaceAll(encodeURIComponent(email), 'EMAIL'),
      statements: sent,
      rows: await rowsBeyond(before),
      hashes: { hash: hasher.counts.hash - counted.hash, verify: hasher.counts.verify - counted.verify },
    };
  }

  describe.each(requests)('$what', (asked) => {
    it.each(['endpoint', 'form', 'page'] as const)('by %s', async (by) => {
      // The first one from an address begins its counter.
      await observe(asked, by, emailOf('first'));
      const unknown = await observe(asked, by, emailOf('unknown'));
      expect(unknown.statements).not.toEqual([]);
      for (const holder of asked.among ?? holders.slice(1)) {
        expect([holder, await observe(asked, by, emailOf(holder))]).toEqual([holder, unknown]);
      }
    });
  });
});
