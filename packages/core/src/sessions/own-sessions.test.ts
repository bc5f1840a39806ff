import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { register } from '../accounts/register.ts';
import { authEvent } from '../audit/event.ts';
import { AuthError } from '../errors.ts';
import type { Actor } from '../passwords/confirm-password.ts';
import { createTestAuth, localClient, logInUser, type TestAuth } from '../testing/index.ts';
import { authenticate } from './authenticate.ts';
import type { LoggedIn } from './complete-login.ts';
import { endOtherSessions, endSession, listSessions } from './own-sessions.ts';

const credentials = { email: 'user@example.com', password: 'secure_password', client: localClient };
const other = { ...credentials, email: 'other@example.com' };
const notFound = new AuthError('not_found', { message: 'no such session' });
const unauthenticated = new AuthError('unauthenticated');
const UNKNOWN_ID = 'a4d19e2f-88f1-4bc4-89f7-7d39b98a3d44';
const DAY_MS = 86_400_000;

describe('the sessions of the requester', () => {
  let auth: TestAuth;
  let first: LoggedIn;
  let second: LoggedIn;
  let others: LoggedIn;
  let actor: Actor;

  beforeEach(async () => {
    auth = await createTestAuth();
    await register(auth, credentials);
    await register(auth, other);
    first = await logInUser(auth, credentials);
    auth.clock.advance(1000);
    second = await logInUser(auth, credentials);
    others = await logInUser(auth, other);
    actor = { session: await authenticate(auth, first.token), client: localClient };
    auth.events.splice(0);
  });
  afterEach(() => auth.close());

  it('lists them, the last used first, with uses that are not stored yet', async () => {
    auth.clock.advance(60_000);
    await authenticate(auth, first.token);
    expect(await listSessions(auth, actor.session)).toEqual([
      { ...first.session, lastUsedAt: auth.clock.now() },
      second.session,
    ]);
    expect(await listSessions(auth, others.session)).toEqual([others.session]);
  });

  it('lists a use that is not stored yet, also once what was held of its user is forgotten', async () => {
    auth.clock.advance(60_000);
    await authenticate(auth, first.token);
    auth.sessions.forget({ userId: first.user.id });
    expect((await listSessions(auth, actor.session)).map(({ lastUsedAt }) => lastUsedAt)).toEqual([
      auth.clock.now(),
      second.session.lastUsedAt,
    ]);
  });

  it('leaves out what has expired', async () => {
    auth.clock.advance(7 * DAY_MS - 2000);
    await authenticate(auth, first.token);
    auth.clock.advance(2000);
    expect((await listSessions(auth, actor.session)).map(({ id }) => id)).toEqual([first.session.id]);
  });

  it.each(['another', 'their own'])('ends %s, and records it', async (which) => {
    const ended = which === 'another' ? second : first;
    const kept = which === 'another' ? first : second;
    await endSession(auth, actor, ended.session.id);
    await expect(authenticate(auth, ended.token)).rejects.toEqual(unauthenticated);
    await authenticate(auth, kept.token);
    const who = { userId: first.user.id, sessionId: ended.session.id };
    expect(auth.events).toEqual([authEvent(auth.clock, 'session_ended', localClient, who)]);
  });

  it("refuses another user's session and an unknown one alike", async () => {
    for (const id of [others.session.id, UNKNOWN_ID, 'unknown', '', '\0', '\ud800', first.session.tokenDigest]) {
      await expect(endSession(auth, actor, id)).rejects.toEqual(notFound);
    }
    for (const { token } of [first, second, others]) await authenticate(auth, token);
    expect(auth.events).toEqual([]);
  });

  it.each<[what: string, act: (actor: Actor) => Promise<unknown>]>([
    ['their others', (ended) => endOtherSessions(auth, ended)],
    ['one of theirs', (ended) => endSession(auth, ended, first.session.id)],
    ['itself', (ended) => endSession(auth, ended, ended.session.id)],
  ])('refuses to end %s with a session that has ended since it was checked', async (_what, act) => {
    const ended = { session: await authenticate(auth, second.token), client: localClient };
    await endSession(auth, actor, second.session.id);
    await expect(act(ended)).rejects.toEqual(unauthenticated);
    await authenticate(auth, first.token);
    expect(auth.events.map(({ type }) => type)).toEqual(['session_ended']);
  });

  it('ends all but the one that asks, and records how many', async () => {
    await logInUser(auth, credentials);
    auth.events.splice(0);
    expect(await endOtherSessions(auth, actor)).toBe(2);
    await expect(authenticate(auth, second.token)).rejects.toEqual(unauthenticated);
    for (const { token } of [first, others]) await authenticate(auth, token);
    const who = { userId: first.user.id, sessionId: first.session.id };
    expect(auth.events).toEqual([authEvent(auth.clock, 'other_sessions_ended', localClient, who, '2 ended')]);
  });

  it('writes and records nothing where there are no others', async () => {
    await endOtherSessions(auth, actor);
    auth.events.splice(0);
    const statements: string[] = [];
    auth.database.write.on('query', ({ sql }) => statements.push(sql));
    expect(await endOtherSessions(auth, actor)).toBe(0);
    expect(statements.filter((sql) => /^(insert|update)/.test(sql))).toEqual([]);
    expect(auth.events).toEqual([]);
  });

  it('lets a session end sixty times a minute, and leaves open what it refuses to end', async () => {
    for (let index = 0; index < 30; index += 1) {
      await endSession(auth, actor, (await logInUser(auth, credentials)).session.id);
      await logInUser(auth, credentials);
      await endOtherSessions(auth, actor);
    }
    const kept = await logInUser(auth, credentials);
    const refused = { code: 'rate_limited', retryAfterSeconds: 60, throttled: 'session_end' };
    await expect(endOtherSessions(auth, actor)).rejects.toMatchObject(refused);
    await expect(endSession(auth, actor, kept.session.id)).rejects.toMatchObject(refused);
    await authenticate(auth, kept.token);
    auth.clock.advance(60_000);
    await endSession(auth, actor, kept.session.id);
  });
});
