import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { verifyUser } from './accounts/operator.ts';
import { changeEmail, deleteAccount } from './accounts/own-account.ts';
import { register } from './accounts/register.ts';
import { requestEmailVerification, verifyEmail } from './accounts/verify-email.ts';
import { changePassword } from './passwords/change-password.ts';
import { requestPasswordReset } from './passwords/request-reset.ts';
import { resetPassword } from './passwords/reset-password.ts';
import type { AuthPorts } from './ports.ts';
import { authenticate } from './sessions/authenticate.ts';
import type { LoggedIn } from './sessions/complete-login.ts';
import { type Credentials, logIn } from './sessions/log-in.ts';
import { logOut } from './sessions/log-out.ts';
import { endOtherSessions, endSession, listSessions } from './sessions/own-sessions.ts';
import { logInWithCode } from './sessions/second-factor.ts';
import { createTestAuth, localClient, logInUser, type TestAuth } from './testing/index.ts';
import { enrol } from './testing/second-factor.ts';

const credentials: Credentials = { email: 'user@example.com', password: 'secure_password', client: localClient };
const remote: Credentials = { ...credentials, client: { ...localClient, address: '192.0.2.1' } };
const newPassword = 'new_secure_password';
const free = 'new@example.com';
const proving = (auth: TestAuth): TestAuth => ({
  ...auth,
  policy: { ...auth.policy, emailVerification: 'required', resetDelivery: 'smtp' },
});

interface Started {
  readonly auth: TestAuth;
  readonly loggedIn: LoggedIn;
  readonly resetToken: string;
}

/**
 * A use case, its reads, the statements of its transactions (BEGIN and COMMIT included), and how
 * many transactions it runs.
 */
type Row = readonly [
  what: string,
  run: (started: Started) => unknown,
  reads: number,
  writes: number,
  transactions: number,
];

const actorOf = ({ loggedIn }: Started) => ({
  session: {
    ...loggedIn.session,
    email: loggedIn.user.email,
    emailVerified: false,
    role: 'user',
    userCreatedAt: loggedIn.user.createdAt,
  },
  client: localClient,
});

const table: readonly Row[] = [
  // One asks whether the address is kept for an account that left it.
  ['registering', ({ auth }) => register(auth, { ...credentials, email: 'new@example.com' }), 1, 7, 1],
  ['registering from afar', ({ auth }) => register(auth, { ...remote, email: 'new@example.com' }), 2, 11, 2],
  ['registering a taken email', ({ auth }) => register(auth, credentials), 1, 0, 0],
  // Two are about the browser, which is new: it is known from here on, and the oldest beyond 20 is
  // forgotten.
  ['logging in', ({ auth }) => logInUser(auth, credentials), 3, 13, 2],
  ['logging in from afar', ({ auth }) => logInUser(auth, remote), 3, 15, 2],
  // One is about the browser, which is known for longer; the read finds it.
  [
    'logging in with a known browser',
    ({ auth, loggedIn }) => {
      auth.clock.advance(1000);
      return logInUser(auth, { ...credentials, deviceToken: loggedIn.device.token });
    },
    4,
    12,
    2,
  ],
  [
    'the same from afar, where it is not counted by its address',
    ({ auth, loggedIn }) => {
      auth.clock.advance(1000);
      return logInUser(auth, { ...remote, deviceToken: loggedIn.device.token });
    },
    4,
    14,
    2,
  ],
  [
    'logging in with a wrong password',
    ({ auth }) => logInUser(auth, { ...credentials, password: newPassword }),
    3,
    7,
    2,
  ],
  ['logging in to no account', ({ auth }) => logInUser(auth, { ...credentials, email: 'nobody@example.com' }), 3, 7, 2],
  ['a session check', ({ auth, loggedIn }) => authenticate(auth, loggedIn.token), 0, 0, 0],
  [
    'the first check of a session',
    ({ auth, loggedIn }) => {
      auth.sessions.forget('all');
      return authenticate(auth, loggedIn.token);
    },
    1,
    0,
    0,
  ],
  ['a check of no session', ({ auth }) => authenticate(auth, 'unknown'), 1, 0, 0],
  ['logging out', ({ auth, loggedIn }) => logOut(auth, { token: loggedIn.token, client: localClient }), 0, 5, 1],
  ['registering where addresses are proven', ({ auth }) => register(proving(auth), remote), 1, 8, 2],
  [
    'the same with an email that has no account',
    ({ auth }) => register(proving(auth), { ...remote, email: free }),
    1,
    8,
    2,
  ],
  ['asking for that mail again', ({ auth }) => requestEmailVerification(proving(auth), credentials), 0, 4, 1],
  ['asking for a reset by mail', ({ auth }) => requestPasswordReset(proving(auth), credentials), 0, 4, 1],
  [
    'proving an address with a wrong token',
    ({ auth }) => verifyEmail(proving(auth), { ...credentials, verificationToken: 'unknown' }),
    1,
    3,
    1,
  ],
  ['asking for a reset', ({ auth }) => requestPasswordReset(auth, credentials), 1, 6, 1],
  // One forgets its browsers.
  ['resetting', ({ auth, resetToken }) => resetPassword(auth, { ...credentials, resetToken, newPassword }), 2, 15, 1],
  [
    'resetting with a wrong token',
    ({ auth }) => resetPassword(auth, { ...credentials, resetToken: 'unknown', newPassword }),
    2,
    3,
    1,
  ],
  [
    'changing the password',
    (started) => changePassword(started.auth, { ...actorOf(started), currentPassword: 'secure_password', newPassword }),
    2,
    19,
    2,
  ],
  [
    'changing the email',
    (started) =>
      changeEmail(started.auth, { ...actorOf(started), password: 'secure_password', newEmail: 'new@example.com' }),
    2,
    // One asks whether the address is kept for an account that left it.
    22,
    2,
  ],
  [
    'deleting the account',
    (started) => deleteAccount(started.auth, { ...actorOf(started), password: 'secure_password' }),
    2,
    13,
    2,
  ],
  ['listing sessions', ({ auth, loggedIn }) => listSessions(auth, loggedIn.session), 1, 0, 0],
  ['ending a session', (started) => endSession(started.auth, actorOf(started), started.loggedIn.session.id), 0, 8, 1],
  // One forgets the other browsers.
  [
    'ending the others, where there are none',
    (started) => endOtherSessions(started.auth, { ...actorOf(started), deviceToken: started.loggedIn.device.token }),
    0,
    5,
    1,
  ],
];

describe('the statements that SQLite is sent', () => {
  let started: Started;
  const sent: { read: string[]; write: string[] } = { read: [], write: [] };

  beforeEach(async () => {
    const auth = await createTestAuth();
    await register(auth, credentials);
    const loggedIn = await logInUser(auth, credentials);
    await authenticate(auth, loggedIn.token);
    const outcome = await requestPasswordReset(auth, credentials);
    started = { auth, loggedIn, resetToken: 'resetToken' in outcome ? outcome.resetToken : '' };
    auth.database.read.on('query', ({ sql }) => sent.read.push(sql));
    auth.database.write.on('query', ({ sql }) => sent.write.push(sql));
    sent.read = [];
    sent.write = [];
  });
  afterEach(() => started.auth.close());

  it.each(table)('are as few for %s', async (_what, run, reads, writes, transactions) => {
    await Promise.resolve(run(started)).catch(() => undefined);
    expectCounts({ reads, writes, transactions });
  });

  const withCode: readonly (readonly [
    string,
    code: 'none' | 'right' | 'wrong',
    reads: number,
    writes: number,
    transactions: number,
  ])[] = [
    ['a password before its code', 'none', 3, 9, 2],
    // Two writes are about the browser, which is new.
    ['a code after its password', 'right', 5, 18, 2],
    ['a wrong code', 'wrong', 5, 11, 2],
  ];
  it.each(withCode)('are as few for %s', async (_what, code, reads, writes, transactions) => {
    const { auth } = started;
    const { app } = await enrol(auth, credentials);
    const pending = await logIn(auth, credentials);
    if (!('secondFactorToken' in pending)) throw new Error('no factor');
    const right = app.nextCode();
    sent.read = [];
    sent.write = [];
    const finish = { ...pending, code: code === 'right' ? right : '000000', client: localClient };
    await (code === 'none' ? logIn(auth, credentials) : logInWithCode(auth, finish)).catch(() => undefined);
    expectCounts({ reads, writes, transactions });
  });

  it('are one more at the first login of an account, and one more where its owner hears of it', async () => {
    const { auth } = started;
    const own = { ...credentials, email: 'first@example.com' };
    await register(auth, own);
    await verifyUser(auth, own.email);
    const mailing = { ...auth, policy: { ...auth.policy, sendsMail: true } };
    const from = (address: string) => ({ ...own, client: { ...localClient, address } });
    const writesOf = async (ports: AuthPorts, given: Credentials) => {
      sent.write = [];
      await logInUser(ports, given);
      return sent.write.length;
    };
    const first = await writesOf(mailing, own);
    expect(await writesOf(mailing, own)).toBe(first - 1);
    const unheard = await writesOf(auth, from('192.0.2.1'));
    expect(await writesOf(mailing, from('192.0.2.2'))).toBe(unheard + 1);
    expect(await writesOf(mailing, from('192.0.2.2'))).toBeLessThanOrEqual(unheard);
  });

  function expectCounts(expected: Record<'reads' | 'writes' | 'transactions', number | undefined>): void {
    const transactions = sent.write.filter((sql) => sql === 'BEGIN IMMEDIATE;').length;
    const statements = sent.read.concat(sent.write).join('\n');
    expect({ reads: sent.read.length, writes: sent.write.length, transactions }, statements).toEqual(expected);
  }
});
