import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { notMe } from '../accounts/not-me.ts';
import { disableUser, unlockUser, verifyUser } from '../accounts/operator.ts';
import { changeEmail } from '../accounts/own-account.ts';
import { changePassword } from '../passwords/change-password.ts';
import type { Requester } from '../requester.ts';
import { createTestAuth, localClient, logInUser, registerUser, sendMails, type TestAuth } from '../testing/index.ts';
import { enrol } from '../testing/second-factor.ts';
import { authenticate } from './authenticate.ts';
import { logIn } from './log-in.ts';

const password = 'secure_password';
const at = (index: number): Requester => ({ ...localClient, address: `203.0.113.${index}`, proxied: false });
const of = (name: string) => ({ email: `${name}@example.com`, password, client: localClient });

describe('a failed login', () => {
  let auth: TestAuth;
  const statements: string[] = [];

  beforeEach(async () => {
    auth = await createTestAuth({ sendsMail: true, throttleLoopback: true });
    for (const name of ['plain', 'disabled', 'locked', 'browsers', 'factor', 'moved', 'unlocked']) {
      await registerUser(auth, { ...of(name), client: at(name.length * 10) });
      await verifyUser(auth, of(name).email);
    }
    for (let index = 0; index < 20; index += 1) await logInUser(auth, { ...of('browsers'), client: at(100 + index) });
    await enrol(auth, { ...of('factor'), client: at(1) });
    await disableUser(auth, of('disabled').email);
    const { token } = await logInUser(auth, { ...of('moved'), client: at(2) });
    const actor = { session: await authenticate(auth, token), client: at(2), password };
    await changeEmail(auth, { ...actor, newEmail: 'away@example.com' });
    for (const [index, name] of ['locked', 'unlocked'].entries()) await lock(name, at(3 + index));
    await unlockUser(auth, of('unlocked').email);
    await sendMails(auth);
    auth.clock.advance(60_000);
    statements.splice(0);
    auth.hasher.counts.verify = 0;
    for (const pool of [auth.database.read, auth.database.write]) pool.on('query', ({ sql }) => statements.push(sql));
  });
  afterEach(() => auth.close());

  async function lock(name: string, client: Requester): Promise<void> {
    const { token } = await logInUser(auth, { ...of(name), client });
    const actor = { session: await authenticate(auth, token), client };
    await changePassword(auth, { ...actor, currentPassword: password, newPassword: password });
    const notice = (await sendMails(auth)).find(({ to }) => to === of(name).email);
    await notMe(auth, { token: notice && 'token' in notice ? notice.token : '', client });
  }

  /** Each from a network of its own, so that no window of addresses is full. */
  async function failing(name: string, index: number, given: { password: string; deviceToken?: string | undefined }) {
    const client = at(200 + index);
    const error = await logIn(auth, { ...of(name), client, ...given }).catch((thrown: Error) => thrown);
    const { message, ...rest } = error as Error;
    return { message, ...rest, compared: auth.hasher.counts.verify, statements: statements.splice(0) };
  }

  const names = ['plain', 'disabled', 'locked', 'browsers', 'factor', 'moved', 'away', 'unlocked', 'no.account'];

  it.each([
    ['without a device', undefined],
    ['with a device that no one has', 'A'.repeat(43)],
    ['with the device of another account', 'of another account'],
  ])('answers, compares and writes alike for any address, %s', async (_how, token) => {
    let deviceToken = token;
    if (token === 'of another account') {
      await registerUser(auth, { ...of('another'), client: at(9) });
      deviceToken = (await logInUser(auth, { ...of('another'), client: at(9) })).device.token;
      statements.splice(0);
    }
    const seen = [];
    for (const [index, name] of names.entries()) {
      auth.hasher.counts.verify = 0;
      seen.push(await failing(name, index, { password: 'wrong', deviceToken }));
    }
    const [first] = seen;
    expect(first).toMatchObject({ code: 'invalid_credentials', compared: 1 });
    expect(first?.statements).not.toEqual([]);
    for (const [index, one] of seen.entries()) {
      expect({ to: names[index], ...one }).toEqual({ to: names[index], ...first });
    }
  });

  it('tells nothing of a locked or disabled account by the right password', async () => {
    const wrong = await failing('plain', 1, { password: 'wrong' });
    for (const [index, name] of ['locked', 'disabled'].entries()) {
      auth.hasher.counts.verify = 0;
      expect(await failing(name, 2 + index, { password })).toEqual(wrong);
    }
  });

  it('is delayed alike, whether the account is locked, has browsers or exists', async () => {
    const ends: Record<string, unknown[]> = {};
    for (const name of names) {
      const client = { ...localClient, address: `198.51.100.${names.indexOf(name) + 1}` };
      ends[name] = [];
      for (let tries = 0; tries < 7; tries += 1) {
        const error = await logIn(auth, { ...of(name), client, password: 'wrong' }).catch((thrown: Error) => thrown);
        ends[name].push({ ...(error as Error) });
      }
    }
    for (const name of names) expect({ name, ends: ends[name] }).toEqual({ name, ends: ends.plain });
    expect(ends.plain?.at(-1)).toMatchObject({ code: 'rate_limited' });
  });
});
