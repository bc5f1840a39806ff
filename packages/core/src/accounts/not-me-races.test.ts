import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AuthError } from '../errors.ts';
import { changePassword } from '../passwords/change-password.ts';
import { requestPasswordReset } from '../passwords/request-reset.ts';
import { resetPassword } from '../passwords/reset-password.ts';
import type { Requester } from '../requester.ts';
import { authenticate } from '../sessions/authenticate.ts';
import { rememberDevice } from '../sessions/devices.ts';
import type { WriteTransaction } from '../store.ts';
import {
  createTestAuth,
  localClient,
  logInUser,
  registerUser,
  sendMails,
  type TestAuth,
  testDialects,
} from '../testing/index.ts';
import { notMe } from './not-me.ts';
import { getUser, verifyUser } from './operator.ts';
import { changeEmail } from './own-account.ts';
import type { User } from './user.ts';

const password = 'secure_password';
const elsewhere: Requester = { ...localClient, address: '203.0.113.9' };
const ROUNDS = 8;
const of = (round: number) => ({ email: `user${round}@example.com`, password, client: localClient });

describe.each(testDialects)('an account that is taken back over $dialect', ({ dialect, open }) => {
  let auth: TestAuth;

  beforeEach(async () => {
    auth = await createTestAuth({ sendsMail: true, resetDelivery: 'smtp' }, open);
  });
  afterEach(() => auth.close());

  const rowsOf = async (table: string) => auth.database.read(table).select();
  const code = (outcome: PromiseSettledResult<unknown>) =>
    outcome.status === 'fulfilled' ? 'done' : outcome.reason instanceof AuthError && outcome.reason.code;

  /** An account, a session of a thief, and the link of the notice that their login brought. */
  async function steal(round = 0) {
    await registerUser(auth, of(round));
    await verifyUser(auth, of(round).email);
    await logInUser(auth, of(round));
    const { token } = await logInUser(auth, { ...of(round), client: { ...elsewhere, address: `203.0.113.${round}` } });
    const actor = { session: await authenticate(auth, token), client: elsewhere };
    // Notices of earlier rounds may still be owed.
    const mails = await sendMails(auth);
    const mail = mails.find(({ kind, to }) => kind === 'login_notice' && to === of(round).email);
    return { actor, link: mail && 'token' in mail ? mail.token : '' };
  }

  it('is so once, by fifty who use one link', async () => {
    const { link } = await steal();
    const tries = Array.from({ length: 50 }, () => notMe(auth, { token: link, client: localClient }));
    const ends = (await Promise.allSettled(tries)).map(code).sort();
    expect(ends).toEqual(['done', ...Array.from({ length: 49 }, () => 'invalid_not_me_token')]);
    expect(auth.events.filter(({ type }) => type === 'account_locked')).toHaveLength(1);
  });

  /** What a thief may do at the same moment. */
  const acts: Record<string, (stolen: Awaited<ReturnType<typeof steal>>, round: number) => () => Promise<unknown>> = {
    'a login': (_stolen, round) => () => logInUser(auth, of(round)),
    'a change of email':
      ({ actor }, round) =>
      () =>
        changeEmail(auth, { ...actor, password, newEmail: `thief${round}@example.com` }),
    'a change of password':
      ({ actor }) =>
      () =>
        changePassword(auth, { ...actor, currentPassword: password, newPassword: 'a password of a thief' }),
  };

  it.each(Object.keys(acts))('is so before or after %s, which leaves nothing of the thief’s', async (name) => {
    for (let round = 0; round < ROUNDS; round += 1) {
      const stolen = await steal(round);
      const racing = [() => notMe(auth, { token: stolen.link, client: localClient }), acts[name]?.(stolen, round)];
      if (round % 2 === 1) racing.reverse();
      const ends = (await Promise.allSettled(racing.map((run) => run?.()))).map(code);
      expect(ends[round % 2]).toBe('done');
      expect(['done', 'invalid_credentials', 'unauthenticated']).toContain(ends[1 - (round % 2)]);
      expect(await getUser(auth, of(round).email)).toMatchObject({ lockedAt: auth.clock.now(), emailVerified: true });
      for (const table of ['sessions', 'devices', 'pending_logins']) expect(await rowsOf(table)).toEqual([]);
      auth.clock.advance(61 * 60_000);
    }
  });

  it('is locked, whichever of a reset and the link comes first', async () => {
    for (let round = 0; round < ROUNDS; round += 1) {
      const { link } = await steal(round);
      await requestPasswordReset(auth, of(round));
      const mail = (await sendMails(auth)).find(({ kind }) => kind === 'reset');
      const resetToken = mail && 'token' in mail ? mail.token : '';
      const racing = [
        () => notMe(auth, { token: link, client: localClient }),
        () => resetPassword(auth, { ...of(round), resetToken, newPassword: 'another password' }),
      ];
      if (round % 2 === 1) racing.reverse();
      const ends = (await Promise.allSettled(racing.map((run) => run()))).map(code);
      expect(ends[round % 2]).toBe('done');
      expect(await getUser(auth, of(round).email)).toMatchObject({ lockedAt: auth.clock.now() });
      for (const known of [password, 'another password']) {
        const login = logInUser(auth, { ...of(round), password: known });
        await expect(login).rejects.toEqual(new AuthError('invalid_credentials'));
      }
      auth.clock.advance(61 * 60_000);
    }
  });

  /** Who may want the address at the very moment at which the account leaves it. */
  const takers: Record<string, (transaction: WriteTransaction, taker: User) => Promise<unknown>> = {
    'a new account': async (transaction, taker) => transaction.insertUser(taker),
    'an import': async (transaction, taker) => (await transaction.insertUsers([taker])).size > 0,
    'another account': async (transaction, taker) => {
      await transaction.insertUser({ ...taker, emailKey: 'other@example.com' });
      return transaction.updateEmail(taker.id, taker, auth.clock.now());
    },
  };

  it.each(Object.keys(takers))('is not lost to %s that takes its address as it leaves', async (name) => {
    const { actor, link } = await steal();
    const owner = await getUser(auth, of(0).email);
    const taker = { ...owner, id: auth.random.uuid(), passwordHash: 'cheap:another' };
    let taking: Promise<unknown> | undefined;
    const write: typeof auth.store.write = (work) =>
      auth.store.write((transaction) =>
        work({
          ...transaction,
          reserveAddress: async (...kept) => {
            await transaction.reserveAddress(...kept);
            taking = auth.store.write(async (other) => takers[name]?.(other, taker));
            // SQLite lets no other transaction begin.
            while (dialect === 'postgres' && !(await isOneWaiting()));
          },
        }),
      );
    const slow = { ...auth, store: { ...auth.store, write } };
    await changeEmail(slow, { ...actor, password, newEmail: 'thief@example.com' });
    expect(await taking).toBe(false);
    await notMe(auth, { token: link, client: localClient });
    expect(await getUser(auth, of(0).email)).toMatchObject({ id: owner.id });
  });

  async function isOneWaiting(): Promise<boolean> {
    const waiting = auth.database.read('pg_stat_activity').where({ wait_event_type: 'Lock' });
    return (await waiting.whereRaw('datname = current_database()').first('pid')) !== undefined;
  }

  it('leaves no good link to a thief whose notice is sent at the same moment', async () => {
    for (let round = 0; round < ROUNDS; round += 1) {
      const { actor, link } = await steal(round);
      const theirs = `thief${round}@example.com`;
      auth.clock.advance(1000);
      await changeEmail(auth, { ...actor, password, newEmail: theirs });
      await verifyUser(auth, theirs);
      await changePassword(auth, { ...actor, currentPassword: password, newPassword: 'a password of a thief' });
      const racing = [() => notMe(auth, { token: link, client: localClient }), () => sendMails(auth)];
      if (round % 2 === 1) racing.reverse();
      await Promise.all(racing.map((run) => run()));
      await sendMails(auth);
      for (const mail of auth.mailer.sent.filter(({ to }) => to === theirs)) {
        const again = notMe(auth, { token: 'token' in mail ? mail.token : '', client: elsewhere });
        await expect(again).rejects.toMatchObject({ code: 'invalid_not_me_token' });
      }
      expect(await getUser(auth, of(round).email)).toMatchObject({ id: actor.session.userId });
      auth.clock.advance(61 * 60_000);
    }
  });

  it('has twenty known browsers at most, of thirty that log in at once', async () => {
    const { id: userId } = await registerUser(auth, of(0));
    await Promise.all(
      Array.from({ length: 30 }, () =>
        auth.store.write(async (transaction) => {
          await transaction.lockUser(userId);
          const browser = { userId, client: localClient, known: undefined, token: undefined };
          await rememberDevice(auth, transaction, browser);
        }),
      ),
    );
    expect(await rowsOf('devices')).toHaveLength(20);
  });
});
