import type { AddressInfo } from 'node:net';
import { statusOf } from '@authsvc/client/contract';
import fc from 'fast-check';
import type { InjectOptions } from 'fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runs } from '../../../../test/property-settings.ts';
import { badBodies } from '../testing/bad-requests/bad-bodies.ts';
import { badHttp } from '../testing/bad-requests/bad-http.ts';
import { type BadRequestKind, CANARY, type Owner } from '../testing/bad-requests/bad-request.ts';
import { badTargets } from '../testing/bad-requests/bad-targets.ts';
import { badValues } from '../testing/bad-requests/bad-values.ts';
import { sendRaw } from '../testing/raw-request.ts';
import { json } from '../testing/requests.ts';
import { createTestServer, type TestServer } from '../testing/test-server.ts';

const RUNS = 160;
const owner: Owner = { email: 'owner@example.com', password: `${CANARY} of the owner`, cookie: '' };
let test: TestServer;
let before: unknown;
let ownerNow: Owner;
/** The server listens, and so knows its port. */
let authority: string;
const refusedEmails = new Set<string>();

const send = (request: InjectOptions) => test.server.inject({ authority, ...request });
const rows = () =>
  Promise.all(['users', 'sessions', 'one_time_tokens', 'mails'].map((table) => test.auth.database.read(table)));

beforeAll(async () => {
  test = await createTestServer({}, {}, { trustedProxies: ['127.0.0.1'] });
  await test.server.listen({ host: '127.0.0.1', port: 0 });
  authority = `localhost:${(test.server.server.address() as AddressInfo).port}`;
  const { email, password } = owner;
  await send(json({ email, password }));
  const loggedIn = await send(json({ email, password }, '/sessions'));
  await send(json({ email }, '/reset_password'));
  const owed = { kind: 'reset', email, emailKey: email } as const;
  const mail = { ...owed, id: 'owed', attempts: 0, createdAt: 0, nextAttemptAt: 0 };
  await test.auth.store.write((transaction) => transaction.addMail(mail));
  ownerNow = { ...owner, cookie: String(loggedIn.headers['set-cookie']).split(';', 1)[0] ?? '' };
  before = await rows();
});
afterAll(() => test.close());

/** A refusal that repeats no secret that was sent and no path of the service. */
function expectRefusal(status: number, type: unknown, text: string, codes: readonly string[]): void {
  const body = JSON.parse(text) as { code: keyof typeof statusOf; message: string; errors?: unknown };
  expect(codes).toContain(body.code);
  expect(status).toBe(statusOf[body.code]);
  expect(type).toBe('application/json; charset=utf-8');
  const fieldError = { field: expect.any(String), message: expect.stringMatching(/\S/) };
  const errors = (body.errors as unknown[] | undefined)?.map(() => fieldError);
  expect(body).toEqual({ code: body.code, message: expect.stringMatching(/\S/), ...(errors && { errors }) });
  expect(text).not.toMatch(/node_modules|\.[cm]?[jt]s:\d|file:\/\//);
  expect(text).not.toContain(CANARY);
}

async function expectNothingHappened(): Promise<void> {
  expect(await rows()).toEqual(before);
  const profile = await send({ url: '/profile', headers: { cookie: ownerNow.cookie } });
  expect([profile.statusCode, profile.json()]).toEqual([200, { email: owner.email }]);
}

const clientCodes = Object.entries(statusOf).filter(([, status]) => status < 500);

const kindsOf = (given: Owner): BadRequestKind[] => [...badBodies(given), ...badTargets(given), ...badValues(given)];

describe('two thousand bad requests', () => {
  it.each(kindsOf(owner).map(({ what }) => what))('with bad %s are refused, and nothing happens', async (name) => {
    const { requests, codes } = kindsOf(ownerNow).find(({ what }) => what === name) as BadRequestKind;
    await fc.assert(
      fc.asyncProperty(requests, async ({ request, email }) => {
        const { statusCode, headers, payload } = await send(request);
        expectRefusal(statusCode, headers['content-type'], payload, codes);
        if (email !== undefined) refusedEmails.add(email);
      }),
      runs(RUNS),
    );
    await expectNothingHappened();
  });

  it('that are not HTTP are refused, and nothing happens', async () => {
    const { port } = new URL(`http://${authority}`);
    await fc.assert(
      fc.asyncProperty(badHttp, async (bytes) => {
        const { status, headers, body } = await sendRaw(Number(port), bytes.replaceAll('PORT', port));
        expectRefusal(
          status,
          headers['content-type'],
          body,
          clientCodes.map(([code]) => code),
        );
      }),
      runs(RUNS),
    );
    await expectNothingHappened();
  });

  it('take no address from its owner', async () => {
    expect(refusedEmails.size).toBeGreaterThan(0);
    for (const email of refusedEmails) {
      const response = await send(json({ email, password: 'the password of its owner' }));
      expect([response.statusCode, response.json()]).toEqual([200, { email, message: 'user created' }]);
    }
  });

  it('are no errors of ours, and leave no secret in the log', () => {
    expect(test.logLines.filter((line) => /"level":"(error|fatal)"/.test(line))).toEqual([]);
    expect(test.logLines.filter((line) => line.includes(CANARY))).toEqual([]);
  });
});
