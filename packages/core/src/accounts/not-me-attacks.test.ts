import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AuthError, type AuthErrorCode } from '../errors.ts';
import { sendOwedMail } from '../mail/outbox.ts';
import { changePassword } from '../passwords/change-password.ts';
import { requestPasswordReset } from '../passwords/request-reset.ts';
import { resetPassword } from '../passwords/reset-password.ts';
import type { Requester } from '../requester.ts';
import { authenticate } from '../sessions/authenticate.ts';
import { logIn } from '../sessions/log-in.ts';
import {
  createGate,
  createTestAuth,
  localClient,
  logInUser,
  registerUser,
  sendMails,
  type TestAuth,
} from '../testing/index.ts';
import { importUsers } from './import-users.ts';
import { inviteUser } from './invitations.ts';
import { notMe } from './not-me.ts';
import { disableUser, enableUser, getUser, verifyUser } from './operator.ts';
import { changeEmail, deleteAccount } from './own-account.ts';
import { register } from './register.ts';

const ours = 'owner@example.com';
const theirs = 'thief@example.com';
const password = 'secure_password';
const credentials = { email: ours, password, client: localClient };
const elsewhere: Requester = { ...localClient, address: '203.0.113.9' };
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const refusal = (code: AuthErrorCode) => expect.objectContaining({ code });

describe('a thief who moved an account', () => {
  let auth: TestAuth;
  /** Of the notice to the old address. */
  let token: string;

  beforeEach(async () => {
    auth = await createTestAuth({ sendsMail: true, resetDelivery: 'smtp' });
    await registerUser(auth, credentials);
    await verifyUser(auth, ours);
    await moveTo(theirs, ours);
    [token = ''] = await noticesTo(ours);
  });
  afterEach(() => auth.close());

  async function actor(email: string) {
    const { token: sessionToken } = await logInUser(auth, { email, password, client: localClient });
    return { session: await authenticate(auth, sessionToken), client: elsewhere };
  }
  async function moveTo(newEmail: string, from: string): Promise<void> {
    await changeEmail(auth, { ...(await actor(from)), password, newEmail });
    await verifyUser(auth, newEmail);
    auth.clock.advance(60_000);
  }
  async function noticesTo(email: string): Promise<string[]> {
    await sendMails(auth);
    return auth.mailer.sent.flatMap((mail) => ('at' in mail && mail.to === email ? [mail.token] : []));
  }
  const changesPassword = async (newPassword = 'a password of a thief') =>
    changePassword(auth, { ...(await actor(theirs)), currentPassword: password, newPassword });
  const takeBack = () => notMe(auth, { token, client: localClient });
  async function resetOf(email: string): Promise<{ email: string; resetToken: string; client: Requester }> {
    await requestPasswordReset(auth, { email, client: localClient });
    const mail = (await sendMails(auth)).find(({ kind }) => kind === 'reset');
    return { email, resetToken: mail && 'token' in mail ? mail.token : '', client: localClient };
  }
  async function resetByMail(email = ours): Promise<void> {
    await resetPassword(auth, { ...(await resetOf(email)), newPassword: password });
  }

  it('gets no link by a notice that is still owed, or tried again, when the owner takes it back', async () => {
    await changesPassword();
    auth.mailer.error = new Error('the mail server is down');
    await sendOwedMail(auth);
    auth.clock.advance(60_000);
    await takeBack();
    auth.mailer.error = undefined;
    auth.clock.advance(HOUR_MS);
    expect(await noticesTo(theirs)).toEqual([]);
    await resetByMail();
  });

  it('has a dead link, if its notice is on its way when the owner takes it back', async () => {
    await changesPassword();
    const { send } = auth.mailer;
    auth.mailer.send = async (mail) => {
      await takeBack();
      await send(mail);
    };
    const [theirLink = ''] = await noticesTo(theirs);
    await expect(notMe(auth, { token: theirLink, client: elsewhere })).rejects.toEqual(refusal('invalid_not_me_token'));
    expect(await getUser(auth, ours)).toMatchObject({ lockedAt: auth.clock.now() });
  });

  it('voids the owner’s link by no number of later ones', async () => {
    const { id: userId } = await getUser(auth, theirs);
    const createdAt = auth.clock.now();
    await auth.store.write(async (transaction) => {
      const theirToken = { purpose: 'not_me', userId, delivery: 'mailed', email: theirs } as const;
      for (let index = 0; index < 10_000; index += 1) {
        const digest = `digest ${index}`;
        await transaction.insertToken({ ...theirToken, digest, createdAt, expiresAt: createdAt + 72 * HOUR_MS });
        await transaction.noteTokenMailed(digest, createdAt);
      }
    });
    await changesPassword();
    await sendMails(auth);
    await takeBack();
    expect(await auth.database.read('one_time_tokens').select()).toEqual([]);
  });

  it('keeps no reset from the owner by having used up the mails of the hour', async () => {
    await moveTo(ours, theirs);
    const { session } = await actor(ours);
    let currentPassword = password;
    for (let index = 0; index < 4; index += 1) {
      await resetOf(ours);
      // Which voids the tokens that the mailbox holds, so that it needs another.
      const newPassword = `another password ${index}`;
      await changePassword(auth, { session, client: elsewhere, currentPassword, newPassword });
      currentPassword = newPassword;
    }
    expect((await resetOf(ours)).resetToken).toBe('');
    await takeBack();
    await resetByMail();
    await logInUser(auth, credentials);
  });

  it('gets no further by a reset that was under way', async () => {
    const reset = await resetOf(theirs);
    const [hashing, takenBack] = [createGate(), createGate()];
    const hash = async (text: string) => {
      hashing.open();
      await takenBack.opened;
      return auth.hasher.hash(text);
    };
    const slow = { ...auth, hasher: { ...auth.hasher, hash } };
    const refused = expect(resetPassword(slow, { ...reset, newPassword: 'a password of a thief' })).rejects.toEqual(
      refusal('invalid_reset_token'),
    );
    await hashing.opened;
    await takeBack();
    takenBack.open();
    await refused;
    expect(await getUser(auth, ours)).toMatchObject({
      passwordHash: `cheap:${password}`,
      lockedAt: expect.any(Number),
    });
  });

  it('gets no further by a login that was under way', async () => {
    const [comparing, takenBack] = [createGate(), createGate()];
    const verify = async (...given: Parameters<typeof auth.hasher.verify>) => {
      comparing.open();
      await takenBack.opened;
      return auth.hasher.verify(...given);
    };
    const slow = { ...auth, hasher: { ...auth.hasher, verify } };
    const refused = expect(logIn(slow, { email: theirs, password, client: elsewhere })).rejects.toEqual(
      new AuthError('invalid_credentials'),
    );
    await comparing.opened;
    await takeBack();
    takenBack.open();
    await refused;
    for (const table of ['sessions', 'devices']) expect(await auth.database.read(table).select()).toEqual([]);
  });

  it('lets no one have the old address by an import, not even a dry one, or by an invitation', async () => {
    const others = [ours, 'new@example.com'].map((email) => ({ email, passwordHash: 'cheap:another' }));
    const outcomes = ['exists', 'imported'];
    expect(await importUsers(auth, others, { dryRun: true })).toEqual(outcomes);
    expect(await importUsers(auth, others)).toEqual(outcomes);
    await expect(getUser(auth, ours)).rejects.toEqual(refusal('unknown_email'));
    await inviteUser(auth, { email: ours });
    await sendMails(auth);
    const invitation = auth.mailer.sent.findLast(({ kind }) => kind === 'invitation');
    const invitationToken = invitation && 'token' in invitation ? invitation.token : '';
    await expect(register(auth, { ...credentials, invitationToken })).rejects.toEqual(
      refusal('invalid_invitation_token'),
    );
    await takeBack();
    expect(await getUser(auth, ours)).toMatchObject({ lockedAt: auth.clock.now() });
  });

  it('may go back to the old address, which is the account’s own; another account may not have it', async () => {
    const other = { ...credentials, email: 'other@example.com' };
    await registerUser(auth, other);
    const theirMove = { ...(await actor(other.email)), password, newEmail: ours };
    await expect(changeEmail(auth, theirMove)).rejects.toEqual(new AuthError('email_taken', { field: 'new_email' }));
    expect(await getUser(auth, other.email)).toMatchObject({ email: other.email });
    await moveTo(ours, theirs);
    await takeBack();
    await resetByMail();
    await logInUser(auth, credentials);
  });

  it('loses an account that is disabled too, and neither of both opens it for the other', async () => {
    await disableUser(auth, theirs);
    await expect(takeBack()).rejects.toEqual(refusal('invalid_not_me_token'));
    await enableUser(auth, theirs);
    await takeBack();
    await disableUser(auth, ours);
    await requestPasswordReset(auth, { email: ours, client: localClient });
    expect((await sendMails(auth)).map(({ kind }) => kind)).not.toContain('reset');
    await enableUser(auth, ours);
    await expect(logIn(auth, credentials)).rejects.toEqual(new AuthError('invalid_credentials'));
    await resetByMail();
    await logInUser(auth, credentials);
  });

  it('may delete it: then the link finds nothing, and the address is free for its owner', async () => {
    await deleteAccount(auth, { ...(await actor(theirs)), password });
    await expect(takeBack()).rejects.toEqual(refusal('invalid_not_me_token'));
    for (const table of ['reserved_addresses', 'devices', 'one_time_tokens']) {
      expect(await auth.database.read(table).select()).toEqual([]);
    }
    await registerUser(auth, credentials);
  });

  it('is news again at the place from which it came', async () => {
    await logInUser(auth, { email: theirs, password, client: elsewhere });
    await takeBack();
    const { id } = await getUser(auth, ours);
    expect(await auth.store.findLastLogins([id])).toEqual(new Map([[id, auth.clock.now()]]));
    await resetByMail();
    await sendMails(auth);
    auth.clock.advance(HOUR_MS);
    await logInUser(auth, { ...credentials, client: elsewhere });
    expect(await sendMails(auth)).toMatchObject([{ kind: 'login_notice', address: elsewhere.address }]);
  });

  it('gains nothing by a clock that is set back by as much as goes unnoticed', async () => {
    auth.clock.advance(-2 * 60_000);
    await takeBack();
    await expect(logIn(auth, { email: theirs, password, client: elsewhere })).rejects.toEqual(
      refusal('invalid_credentials'),
    );
    await resetByMail();
  });

  it('gains no time by a clock that is set back after the link was refused', async () => {
    auth.clock.advance(3 * DAY_MS);
    await expect(takeBack()).rejects.toEqual(refusal('invalid_not_me_token'));
    auth.clock.advance(-DAY_MS);
    await expect(takeBack()).rejects.toEqual(refusal('invalid_not_me_token'));
  });
});

describe('a link of a notice', () => {
  let auth: TestAuth;

  beforeEach(async () => {
    auth = await createTestAuth({ sendsMail: true, resetDelivery: 'smtp' });
  });
  afterEach(() => auth.close());

  it('is good for 72 hours from what happened, however late the mail left', async () => {
    await registerUser(auth, credentials);
    await verifyUser(auth, ours);
    await logInUser(auth, credentials);
    await logInUser(auth, { ...credentials, client: elsewhere });
    auth.clock.advance(DAY_MS);
    const [mail] = await sendMails(auth);
    expect(mail).toMatchObject({ kind: 'login_notice', expiresInMs: 2 * DAY_MS, at: auth.clock.now() - DAY_MS });
    const token = mail && 'token' in mail ? mail.token : '';
    auth.clock.advance(2 * DAY_MS);
    await expect(notMe(auth, { token, client: localClient })).rejects.toEqual(refusal('invalid_not_me_token'));
  });

  it('locks the account that it is about, and no other', async () => {
    const other = { ...credentials, email: 'other@example.com' };
    for (const one of [credentials, other]) {
      await registerUser(auth, one);
      await verifyUser(auth, one.email);
      await logInUser(auth, one);
    }
    await logInUser(auth, { ...other, client: elsewhere });
    const [mail] = await sendMails(auth);
    await notMe(auth, { token: mail && 'token' in mail ? mail.token : '', client: localClient });
    await logInUser(auth, credentials);
    await expect(logIn(auth, other)).rejects.toEqual(refusal('invalid_credentials'));
  });
});
