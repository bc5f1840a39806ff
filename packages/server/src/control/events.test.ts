import type { EventBody } from '@authsvc/client/contract';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { answer, invalid, json, refused } from '../testing/requests.ts';
import { createTestControlServer, type TestControlServer } from '../testing/test-control-server.ts';
import { createTestServer, type TestServer } from '../testing/test-server.ts';

const password = 'correct horse battery';
const uuid = expect.stringMatching(/^[\da-f-]{36}$/);

let test: TestServer;
let control: TestControlServer;

beforeEach(async () => {
  test = await createTestServer();
  control = await createTestControlServer({}, test.auth);
  await test.server.inject(json({ email: 'ada@example.com', password }, '/users'));
  test.auth.clock.advance(60_000);
  await test.server.inject(json({ email: 'bob@example.com', password }, '/users'));
  test.auth.clock.advance(60_000);
  await test.server.inject(json({ email: 'ada@example.com', password }, '/sessions'));
  await control.server.inject(json({ email: 'bob@example.com' }, '/users/delete'));
});
afterEach(async () => {
  await control.close();
  await test.close();
});

const get = async (query: string) => answer(await control.server.inject({ method: 'GET', url: `/events${query}` }));
const types = async (query: string) => (await get(query)).body.events.map(({ type }: EventBody) => type);

describe('GET /events', () => {
  it('tells what happened, the oldest first', async () => {
    const client = { address: '127.0.0.1', user_agent: 'lightMyRequest' };
    const event = { id: expect.any(Number), user_id: uuid, session_id: null, detail: null, ...client };
    expect(await get('')).toEqual({
      status: 200,
      body: {
        events: [
          { ...event, at: '2030-01-01T00:00:00.000Z', type: 'user_registered', email: 'ada@example.com' },
          { ...event, at: '2030-01-01T00:01:00.000Z', type: 'user_registered', email: null },
          {
            ...event,
            at: '2030-01-01T00:02:00.000Z',
            type: 'login_succeeded',
            email: 'ada@example.com',
            session_id: uuid,
          },
          {
            ...event,
            at: '2030-01-01T00:02:00.000Z',
            type: 'user_deleted',
            email: null,
            address: null,
            user_agent: null,
            detail: 'operator',
          },
        ],
      },
    });
  });

  it('tells what happened to one account, since a time, behind an event, or last', async () => {
    expect(await types('?email=ADA@example.com')).toEqual(['user_registered', 'login_succeeded']);
    expect(await types('?since=2030-01-01T00:01:00Z')).toEqual(['user_registered', 'login_succeeded', 'user_deleted']);
    expect(await types('?newest=true&limit=2')).toEqual(['login_succeeded', 'user_deleted']);
    expect(await types('?limit=2')).toEqual(['user_registered', 'user_registered']);
    const { body } = await get('?limit=3');
    expect(await types(`?after=${body.events[2].id}`)).toEqual(['user_deleted']);
    expect(await types('?since=2031-01-01')).toEqual([]);
  });

  it('refuses what it cannot look for', async () => {
    expect(await get('?email=nobody@example.com')).toEqual(refused(403, 'unknown_email', 'no account has this email'));
    expect(await get('?since=yesterday')).toEqual(invalid(['since', 'must be a time in ISO 8601']));
    for (const after of ['-1', 'x', '1e3', '9999999999999999']) {
      expect(await get(`?after=${after}`)).toEqual(invalid(['after', 'must be the id of an event']));
    }
    for (const query of ['limit=0', 'limit=1001', 'email=nobody', 'email=', 'other=1']) {
      expect([query, (await get(`?${query}`)).status]).toEqual([query, 400]);
    }
    expect(control.errors).toEqual([]);
  });
});
