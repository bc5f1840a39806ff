import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  disableUser,
  enableUser,
  issueResetTokenFor,
  revokeAllSessions,
  revokeSessions,
} from '../accounts/operator.ts';
import { AuthError, type AuthErrorCode } from '../errors.ts';
import { resetPassword } from '../passwords/reset-password.ts';
import type { Requester } from '../requester.ts';
import { createTestAuth, localClient, logInUser, registerUser, type TestAuth } from '../testing/index.ts';
import { digestSecret } from '../tokens/digest.ts';
import { authenticate } from './authenticate.ts';
import { endDevice, listDevices } from './devices.ts';
import { logIn } from './log-in.ts';
import { logOut } from './log-out.ts';
import { endOtherSessions } from './own-sessions.ts';

const client = localClient;
const credentials = { email: 'user@example.com', password: 'secure_password', client };
const DAY_MS = 86_400_000;
const refusal = (code: AuthErrorCode) => expect.objectContaining({ code });
const stranger = (index: number): Requester => ({
  ...localClient,
  address: `198.51.${Math.floor(index / 250)}.${1 + (index % 250)}`,
});

describe('a known browser', () => {
  let auth: TestAuth;
  let deviceToken: string;

  beforeEach(async () => {
    auth = await createTestAuth();
    await registerUser(auth, credentials);
    deviceToken = (await logInUser(auth, credentials)).device.token;
  });
  afterEach(() => auth.close());

  const count = async (table: string) => (await auth.database.read(table).select()).length;
  const logInAt = (index: number, given: { deviceToken?: string; password?: string } = { deviceToken }) =>
    logInUser(auth, { ...credentials, client: stranger(index), ...given });

  it('is kept as a digest, for 180 days after each login', async () => {
    expect(deviceToken).toMatch(/^[\w-]{43}$/);
    expect(await auth.database.read('devices').pluck('digest')).toEqual([digestSecret(deviceToken)]);
    auth.clock.advance(179 * DAY_MS);
    const { device } = await logInAt(1);
    expect(device).toEqual({ token: deviceToken, expiresAt: auth.clock.now() + 180 * DAY_MS });
    auth.clock.advance(180 * DAY_MS - 1);
    expect((await logInAt(2)).device.token).toBe(deviceToken);
    auth.clock.advance(180 * DAY_MS);
    expect((await logInAt(3)).device.token).not.toBe(deviceToken);
  });

  it('lets its owner in at the first try from anywhere, while strangers guess from a thousand addresses', async () => {
    for (let index = 0; index < 50; index += 1) {
      for (let tries = 0; tries < 20; tries += 1) {
        await logInAt(20 * index + tries, { password: 'wrong' }).catch(() => undefined);
      }
      await logInAt(20 * index);
    }
  });

  it('is worth five guesses, and then blocks itself alone', async () => {
    for (let tries = 0; tries < 5; tries += 1) {
      await expect(logInAt(1, { deviceToken, password: 'wrong' })).rejects.toEqual(refusal('invalid_credentials'));
    }
    await expect(logInAt(1)).rejects.toEqual(refusal('rate_limited'));
    await logInUser(auth, credentials);
    await logInAt(2, {});
  });

  it('takes no more logins a minute than a known address, together with the others of its account', async () => {
    const slow = { ...auth, policy: { ...auth.policy, loginsPerMinute: 1 } };
    const other = await logInAt(1, {});
    const logInOften = (index: number) => {
      const from = { client: stranger(index), deviceToken: index % 2 === 0 ? deviceToken : other.device.token };
      return logIn(slow, { ...credentials, ...from });
    };
    for (let index = 0; index < 32; index += 1) await logInOften(index);
    await expect(logInOften(40)).rejects.toEqual(refusal('rate_limited'));
    await expect(logInOften(41)).rejects.toEqual(refusal('rate_limited'));
    await logInAt(42, {});
    auth.clock.advance(60_000);
    await logInOften(40);
  });

  it('changes no answer for another account, and is none of its browsers', async () => {
    const other = { ...credentials, email: 'other@example.com' };
    await registerUser(auth, other);
    await expect(logInUser(auth, { ...other, password: 'wrong', deviceToken })).rejects.toEqual(
      new AuthError('invalid_credentials'),
    );
    const { device } = await logInUser(auth, { ...other, deviceToken });
    expect(device.token).not.toBe(deviceToken);
  });

  it('is one of 20: of those that logged in once, the oldest is forgotten', async () => {
    const tokens = [deviceToken];
    for (let index = 0; index < 20; index += 1) {
      auth.clock.advance(1000);
      tokens.push((await logInAt(index, {})).device.token);
    }
    expect(await count('devices')).toBe(20);
    expect((await logInAt(1, { deviceToken: tokens[0] ?? '' })).device.token).not.toBe(tokens[0]);
    expect((await logInAt(1, { deviceToken: tokens[5] ?? '' })).device.token).toBe(tokens[5]);
  });

  it('that came back outlives any number that log in once', async () => {
    auth.clock.advance(1000);
    await logInAt(1, { deviceToken });
    for (let index = 0; index < 40; index += 1) {
      auth.clock.advance(1000);
      await logInAt(2, {});
    }
    expect(await count('devices')).toBe(20);
    expect((await logInAt(1, { deviceToken })).device.token).toBe(deviceToken);
  });

  const ends: readonly [string, () => Promise<unknown>][] = [
    [
      'a reset',
      async () => {
        const { resetToken } = await issueResetTokenFor(auth, credentials.email);
        return resetPassword(auth, { ...credentials, resetToken, newPassword: credentials.password });
      },
    ],
    [
      'disabling',
      async () => {
        await disableUser(auth, credentials.email);
        await enableUser(auth, credentials.email);
      },
    ],
    ['ending all sessions of the account', () => revokeSessions(auth, credentials.email)],
    ['ending all sessions', () => revokeAllSessions(auth)],
  ];
  it.each(ends)('is forgotten with %s', async (_name, end) => {
    await end();
    expect(await count('devices')).toBe(0);
    expect((await logInAt(1)).device.token).not.toBe(deviceToken);
  });

  it('is forgotten where its owner ends all others, but for the one that asks', async () => {
    const other = await logInAt(1, {});
    const { token } = await logInUser(auth, { ...credentials, deviceToken });
    const session = await authenticate(auth, token);
    await endOtherSessions(auth, { session, client, deviceToken });
    expect((await listDevices(auth, session, deviceToken)).map(({ isCurrent }) => isCurrent)).toEqual([true]);
    expect((await logInAt(2, { deviceToken: other.device.token })).device.token).not.toBe(other.device.token);
  });

  it('is forgotten on record, also where no other session ends', async () => {
    const { token } = await logInUser(auth, { ...credentials, deviceToken });
    const session = await authenticate(auth, token);
    await endOtherSessions(auth, { session, client, deviceToken });
    const other = await logInAt(1, {});
    await logOut(auth, { token: other.token, client });
    auth.events.length = 0;
    await endOtherSessions(auth, { session, client });
    expect(auth.events.map(({ type }) => type)).toEqual(['other_sessions_ended']);
    expect(await count('devices')).toBe(0);
  });

  it('is listed, and ended by its owner alone', async () => {
    const { token } = await logInAt(7);
    const session = await authenticate(auth, token);
    const [device] = await listDevices(auth, session, deviceToken);
    expect(device).toMatchObject({ address: '198.51.0.8', userAgent: 'test', isCurrent: true });
    const other = { ...credentials, email: 'other@example.com' };
    await registerUser(auth, other);
    const theirs = await authenticate(auth, (await logInUser(auth, other)).token);
    const end = (one: typeof session) => endDevice(auth, { session: one, client }, device?.id ?? '');
    await expect(end(theirs)).rejects.toEqual(refusal('not_found'));
    await end(session);
    expect(await listDevices(auth, session)).toEqual([]);
    await expect(end(session)).rejects.toEqual(refusal('not_found'));
  });
});
