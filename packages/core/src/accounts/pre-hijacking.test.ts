import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { requestPasswordReset } from '../passwords/request-reset.ts';
import { resetPassword } from '../passwords/reset-password.ts';
import type { AuthPolicy } from '../ports.ts';
import { authenticate } from '../sessions/authenticate.ts';
import {
  localClient as client,
  createTestAuth,
  logInUser,
  sendMails,
  type TestAuth,
  testDialects,
} from '../testing/index.ts';
import { importUsers } from './import-users.ts';
import { inviteUser } from './invitations.ts';
import { deleteUser, disableUser, enableUser, issueResetTokenFor, verifyUser } from './operator.ts';
import { changeEmail } from './own-account.ts';
import { register } from './register.ts';
import { requestEmailVerification, verifyEmail } from './verify-email.ts';

/** Who reads which mailbox: the owner `ours`, a stranger `theirs`. */
const ours = 'owner@example.com';
const theirs = 'stranger@example.com';
const ownersPassword = 'the password of the owner';
const strangersPassword = 'the password of a stranger';

const required: Partial<AuthPolicy> = {
  ...{ emailVerification: 'required', resetDelivery: 'smtp', sendsMail: true, resetTokenMs: 1_800_000 },
};

describe.each(testDialects)('an address that a stranger claims, over $dialect', ({ open }) => {
  let auth: TestAuth;
  /** Sessions that a stranger opened in the account that has the owner's address. */
  let strangersSessions: string[];
  /** Tokens that reached the stranger in another way than by a mail to `theirs`. */
  let strangersTokens: string[];

  beforeEach(async () => {
    auth = await createTestAuth(required, open);
    strangersSessions = [];
    strangersTokens = [];
  });
  afterEach(() => auth.close());

  const under = (changed: Partial<AuthPolicy>): TestAuth => ({ ...auth, policy: { ...auth.policy, ...changed } });
  const find = (email: string) => auth.store.findUserByEmailKey(email);
  const tokensTo = (email: string, kind: string) =>
    auth.mailer.sent.flatMap((mail) => (mail.to === email && mail.kind === kind && 'token' in mail ? mail.token : []));
  const session = async (email: string, password: string) => {
    const { session, token } = await logInUser(auth, { email, password, client });
    return { token, actor: { session: { ...session, email }, client } };
  };
  const askToRegister = async (email: string, password: string, ports = auth) => {
    await register(ports, { email, password, client });
    await sendMails(auth);
  };
  const prove = (email: string, verificationToken: string, password: string, ports = auth) =>
    verifyEmail(ports, { email, verificationToken, password, client });
  const askToMove = async (email: string, password: string, newEmail: string) => {
    const { token, actor } = await session(email, password);
    await changeEmail(auth, { ...actor, password, newEmail });
    await sendMails(auth);
    return token;
  };
  const makeAccount = async (email: string, password: string) => {
    await askToRegister(email, password);
    return prove(email, tokensTo(email, 'registration').at(-1) ?? '', password);
  };
  const askForReset = async (email = ours) => {
    await requestPasswordReset(auth, { email, client });
    await sendMails(auth);
  };
  const reset = (resetToken: string, newPassword: string, email = ours) =>
    resetPassword(auth, { email, resetToken, newPassword, client });

  /** The stranger comes first, or nearly so; there is no account with the owner's address. */
  const claims: Record<string, () => Promise<unknown>> = {
    'a stranger registers': () => askToRegister(ours, strangersPassword),
    'a stranger registers before the owner': async () => {
      await askToRegister(ours, strangersPassword);
      await askToRegister(ours, ownersPassword);
    },
    'a stranger registers after the owner': async () => {
      await askToRegister(ours, ownersPassword);
      await askToRegister(ours, strangersPassword);
    },
    'a stranger asks to move an account here': async () => {
      await makeAccount(theirs, strangersPassword);
      await askToMove(theirs, strangersPassword, ours);
    },
    'a stranger registers what the operator invites': async () => {
      await askToRegister(ours, strangersPassword);
      await inviteUser(auth, { email: ours });
      await sendMails(auth);
    },
  };

  /** There is an account with the owner's address, whose password a stranger knows. */
  const holds: Record<string, () => Promise<unknown>> = {
    'a stranger’s account made while verification was off': async () => {
      await askToRegister(ours, strangersPassword, under({ emailVerification: 'off' }));
      strangersSessions.push((await session(ours, strangersPassword)).token);
    },
    'such an account that begins to move to the stranger’s mailbox': async () => {
      await askToRegister(ours, strangersPassword, under({ emailVerification: 'off' }));
      strangersSessions.push(await askToMove(ours, strangersPassword, theirs));
    },
    'such an account with a token that came in a response': async () => {
      const off = under({ emailVerification: 'off', resetDelivery: 'response' });
      await askToRegister(ours, strangersPassword, off);
      const outcome = await requestPasswordReset(off, { email: ours, client });
      strangersTokens.push('resetToken' in outcome ? outcome.resetToken : '');
      strangersSessions.push((await session(ours, strangersPassword)).token);
    },
    'an imported account with a stranger’s password': async () => {
      await importUsers(auth, [{ email: ours, passwordHash: `cheap:${strangersPassword}` }]);
      strangersSessions.push((await session(ours, strangersPassword)).token);
    },
  };

  const between: Record<string, () => Promise<unknown>> = {
    'nothing between': async () => undefined,
    'a reset asked for between': () => askForReset(),
    'the mail asked for again between': async () => {
      await requestEmailVerification(auth, { email: ours, client });
      await sendMails(auth);
    },
    'users verify between': () => verifyUser(auth, ours).catch(() => undefined),
  };

  const proofs: Record<string, () => Promise<unknown>> = {
    'by the first link': async () => {
      if (tokensTo(ours, 'registration').length === 0) await askToRegister(ours, ownersPassword);
      await prove(ours, tokensTo(ours, 'registration').at(0) ?? '', ownersPassword);
    },
    'by the last link': async () => {
      await askToRegister(ours, ownersPassword);
      await prove(ours, tokensTo(ours, 'registration').at(-1) ?? '', ownersPassword);
    },
    'by an invitation': async () => {
      await inviteUser(auth, { email: ours });
      await sendMails(auth);
      const invitationToken = tokensTo(ours, 'invitation').at(-1);
      await register(auth, { email: ours, password: ownersPassword, invitationToken, client });
    },
  };

  const resets: Record<string, () => Promise<unknown>> = {
    'by a reset': async () => {
      await askForReset();
      await reset(tokensTo(ours, 'reset').at(-1) ?? '', ownersPassword);
    },
    'by a reset after one of the operator’s': async () => {
      await askForReset();
      const { resetToken } = await issueResetTokenFor(auth, ours);
      await reset(resetToken, ownersPassword);
      await askForReset();
      await reset(tokensTo(ours, 'reset').at(-1) ?? '', ownersPassword);
    },
  };

  /** The owner alone is left: no other password, session, token or pending change. */
  async function expectOnlyTheOwner(): Promise<void> {
    const user = await find(ours);
    expect(user).toMatchObject({ emailVerified: true, passwordHash: `cheap:${ownersPassword}` });
    await expect(session(ours, strangersPassword)).rejects.toMatchObject({ code: 'invalid_credentials' });
    for (const token of strangersSessions) {
      await expect(authenticate(auth, token)).rejects.toMatchObject({ code: 'unauthenticated' });
    }
    for (const token of strangersTokens) {
      await expect(reset(token, strangersPassword)).rejects.toMatchObject({ code: 'invalid_reset_token' });
    }
    const ofOwner = { user_id: user?.id ?? '' };
    expect(await auth.database.read('sessions').where(ofOwner)).toEqual([]);
    // But for notices to the owner, and their links.
    const tokens = await auth.database.read('one_time_tokens').where(ofOwner).orWhere({ email_key: ours });
    expect(tokens.filter(({ purpose }) => purpose !== 'not_me')).toEqual([]);
    const mails = await auth.database.read('mails').where(ofOwner).orWhere({ email_key: ours });
    expect(mails.filter(({ kind, email }) => kind !== 'password_changed' || email !== ours)).toEqual([]);
    for (const token of tokensTo(theirs, 'email_change')) {
      for (const password of [strangersPassword, ownersPassword]) {
        await expect(prove(theirs, token, password)).rejects.toMatchObject({ code: 'invalid_verification_token' });
      }
    }
    for (const token of tokensTo(ours, 'email_change')) {
      await expect(prove(ours, token, strangersPassword)).rejects.toMatchObject({ code: 'invalid_verification_token' });
    }
    expect((await find(ours))?.id).toBe(user?.id);
    await session(ours, ownersPassword);
  }

  const cases = (starts: object, ends: object) =>
    Object.keys(starts).flatMap((start) =>
      Object.keys(between).flatMap((middle) => Object.keys(ends).map((end) => [start, middle, end] as const)),
    );

  it.each(cases(claims, proofs))('%s, %s: the owner alone has it, %s', async (start, middle, end) => {
    await claims[start]?.();
    expect(await find(ours)).toBeUndefined();
    await expect(session(ours, strangersPassword)).rejects.toMatchObject({ code: 'invalid_credentials' });
    await between[middle]?.();
    expect(await find(ours)).toBeUndefined();
    await proofs[end]?.();
    await expectOnlyTheOwner();
  });

  it.each(cases(holds, resets))('%s, %s: the owner alone has it, %s', async (start, middle, end) => {
    await holds[start]?.();
    await between[middle]?.();
    await resets[end]?.();
    await expectOnlyTheOwner();
  });

  it('is not proven by a reset of the operator’s, nor by one in a response', async () => {
    await holds['a stranger’s account made while verification was off']?.();
    const { resetToken } = await issueResetTokenFor(auth, ours);
    await reset(resetToken, ownersPassword);
    expect(await find(ours)).toMatchObject({ emailVerified: false });
    const outcome = await requestPasswordReset(under({ resetDelivery: 'response' }), { email: ours, client });
    await reset('resetToken' in outcome ? outcome.resetToken : '', ownersPassword);
    expect(await find(ours)).toMatchObject({ emailVerified: false });
  });

  it('stays the owner’s when they click what a stranger’s change sent, whichever password they type', async () => {
    await claims['a stranger asks to move an account here']?.();
    const [token = ''] = tokensTo(ours, 'email_change');
    await expect(prove(ours, token, ownersPassword)).rejects.toMatchObject({ code: 'invalid_credentials' });
    expect(await find(ours)).toBeUndefined();
    expect(await find(theirs)).toMatchObject({ emailVerified: true, passwordHash: `cheap:${strangersPassword}` });
    await proofs['by the last link']?.();
    await expectOnlyTheOwner();
  });

  describe('with an account of the owner’s, in which a thief begins a change', () => {
    let thiefsToken: string;

    beforeEach(async () => {
      await makeAccount(ours, ownersPassword);
      strangersSessions.push(await askToMove(ours, ownersPassword, theirs));
      [thiefsToken = ''] = tokensTo(theirs, 'email_change');
    });

    const takeOver = (password = ownersPassword) => prove(theirs, thiefsToken, password);
    const isVoid = { code: 'invalid_verification_token' };

    it('tells the old address at once, and changes nothing yet', async () => {
      expect(auth.mailer.sent.filter(({ kind }) => kind === 'email_change_notice')).toMatchObject([
        { kind: 'email_change_notice', to: ours },
      ]);
      expect(await find(ours)).toMatchObject({ email: ours });
      expect(await find(theirs)).toBeUndefined();
    });

    it('ends it when the owner resets, though the password stays the same', async () => {
      await resets['by a reset']?.();
      await expect(takeOver()).rejects.toMatchObject(isVoid);
      await expectOnlyTheOwner();
    });

    it('ends it when the account is disabled, also once it is enabled again', async () => {
      await disableUser(auth, ours);
      await expect(takeOver()).rejects.toMatchObject(isVoid);
      await enableUser(auth, ours);
      await expect(takeOver()).rejects.toMatchObject(isVoid);
    });

    it('ends it when the account is deleted, also once there is another', async () => {
      await deleteUser(auth, ours);
      await makeAccount(ours, ownersPassword);
      await expect(takeOver()).rejects.toMatchObject(isVoid);
    });

    it('ends it when the owner moves elsewhere', async () => {
      await askToMove(ours, ownersPassword, 'elsewhere@example.com');
      await expect(takeOver()).rejects.toMatchObject(isVoid);
      await prove('elsewhere@example.com', tokensTo('elsewhere@example.com', 'email_change')[0] ?? '', ownersPassword);
      await expect(takeOver()).rejects.toMatchObject(isVoid);
    });

    it('ends it when the owner takes the mail that is still owed away, by a reset', async () => {
      auth.mailer.error = new Error('no mail server');
      await askToMove(ours, ownersPassword, 'another@example.com');
      auth.mailer.error = undefined;
      await resets['by a reset']?.();
      auth.clock.advance(3_600_000);
      await sendMails(auth);
      expect(tokensTo('another@example.com', 'email_change')).toEqual([]);
    });

    it('needs the password beside the link', async () => {
      await expect(takeOver(strangersPassword)).rejects.toMatchObject({ code: 'invalid_credentials' });
    });
  });

  it('makes no account where registration was closed between request and proof', async () => {
    await askToRegister(ours, ownersPassword);
    const [token = ''] = tokensTo(ours, 'registration');
    for (const registration of ['closed', 'invited'] as const) {
      const proving = prove(ours, token, ownersPassword, under({ registration }));
      await expect(proving).rejects.toMatchObject({ code: 'registration_closed' });
    }
    expect(await find(ours)).toBeUndefined();
    await prove(ours, token, ownersPassword);
  });

  it('makes no account by a link from before another was made and deleted', async () => {
    await askToRegister(ours, strangersPassword);
    await inviteUser(auth, { email: ours, role: 'admin' });
    await sendMails(auth);
    await importUsers(auth, [{ email: ours, passwordHash: 'cheap:imported' }]);
    await deleteUser(auth, ours);
    const [token = ''] = tokensTo(ours, 'registration');
    const [invitationToken = ''] = tokensTo(ours, 'invitation');
    await expect(prove(ours, token, ownersPassword)).rejects.toMatchObject({ code: 'invalid_verification_token' });
    const accepting = register(auth, { email: ours, password: ownersPassword, invitationToken, client });
    await expect(accepting).rejects.toMatchObject({ code: 'invalid_invitation_token' });
  });

  it('is not made by users verify, and not found by it', async () => {
    await askToRegister(ours, strangersPassword);
    await expect(verifyUser(auth, ours)).rejects.toMatchObject({ code: 'unknown_email' });
    expect(await find(ours)).toBeUndefined();
  });
});
