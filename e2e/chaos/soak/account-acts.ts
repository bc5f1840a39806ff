import type { Answer } from '../../support/http-client.mjs';
import type { Person, SoakAccount } from './person.ts';

/** What a person does with an account; nothing if it is not possible at the moment. */
export type AccountAct = (person: Person, account: SoakAccount) => Promise<unknown>;

export const logIn: AccountAct = async (person, account) => {
  if (account.disabled) return failLogin(person, account, account.password);
  const since = performance.now();
  const answer = await person.change(account, { kind: 'log-in' });
  if (answer.session === undefined) return;
  if (account.hasForeignHash) person.tally.expect('password_rehashed');
  account.hasForeignHash = false;
  account.sessions.push({ token: answer.session, since });
  account.failedLogins = 0;
};

async function failLogin(person: Person, account: SoakAccount, password: string): Promise<void> {
  if (!person.mayFailLogin(account)) return;
  account.failedLogins += 1;
  await person.refuse({ email: account.email, password }, { kind: 'log-in' }, '401 invalid_credentials');
  person.tally.expect('login_failed');
}

export const mistype: AccountAct = (person, account) => failLogin(person, account, 'not the password');

export const requestReset: AccountAct = async (person, account) => {
  if (account.disabled) return person.refuse(account, { kind: 'ask-reset' }, '403 unknown_email');
  const since = performance.now();
  const { body } = await person.change(account, { kind: 'ask-reset' });
  account.resetToken = { token: (body as { reset_token: string }).reset_token, since };
};

export const reset: AccountAct = async (person, account) => {
  const token = person.openResetToken(account);
  if (!token) return;
  const operation = { kind: 'reset', token: token.token, newPassword: person.newPassword() } as const;
  await person.change(account, operation);
  const { newPassword: password } = operation;
  Object.assign(account, { password, hasForeignHash: false, resetToken: undefined, failedLogins: 0 });
  person.endSessions(account);
  await person.refuse(account, operation, '403 invalid_reset_token');
  person.tally.expect('password_reset_refused');
};

/** An act that needs an open session. */
export function inSession(
  act: (person: Person, account: SoakAccount, session: string) => Promise<unknown>,
): AccountAct {
  return async (person, account) => {
    const session = person.openSession(account);
    return session && act(person, account, session.token);
  };
}

export const seeProfile = inSession(async (person, account, session) => {
  const { text } = await person.ask('GET /profile', '200', { session });
  if (text !== JSON.stringify({ email: account.email })) person.tally.unexpected.push(`GET /profile: ${text}`);
});

export const askWhoami = inSession(async (person, account, session) => {
  const { text, body } = await person.ask('GET /whoami', '200', { session });
  const { user } = body as { user?: Record<string, unknown> };
  account.id ??= String(user?.id);
  const { id, email, role, isVerified } = account;
  const isTheirs = user?.id === id && user.email === email && user.role === role && user.email_verified === isVerified;
  if (!isTheirs)
    person.tally.unexpected.push(`GET /whoami: ${text} for ${JSON.stringify({ id, email, role, isVerified })}`);
});

/** As a page of a trusted origin does: after a preflight, and it may read the answer. */
export const endOthersFromPage = inSession(async (person, account, session) => {
  const origin = 'http://localhost:5173';
  const path = '/sessions/others';
  const wanted = { origin, 'access-control-request-method': 'DELETE' };
  const preflight = await person.ask(`OPTIONS ${path}`, '204', { headers: wanted });
  const answer = await person.ask(`DELETE ${path}`, '200', { headers: { origin }, session });
  for (const { headers } of [preflight, answer]) {
    const allowed = headers['access-control-allow-origin'];
    if (allowed !== origin) person.tally.unexpected.push(`${path}: allowed is ${allowed} instead of ${origin}`);
  }
  othersEnded(person, account, session, answer);
});

/** Ending no session is recorded nowhere. */
function othersEnded(person: Person, account: SoakAccount, session: string, { body }: Answer): void {
  if ((body as { ended: number }).ended > 0) person.tally.expect('other_sessions_ended');
  person.endSessions(account, session);
}

export const logOut = inSession(async (person, account, session) => {
  await person.change(account, { kind: 'log-out', session });
  endSession(person, account, session);
});

/** Lists the sessions of the account, and ends the current one by its id. */
export const endByList = inSession(async (person, account, session) => {
  const { body } = await person.ask('GET /sessions', '200', { session });
  const { sessions } = body as { sessions: { id: string; current: boolean }[] };
  const current = sessions.filter((one) => one.current);
  if (current.length !== 1) person.tally.unexpected.push(`GET /sessions: ${current.length} are the current one`);
  const unknown = '00000000-0000-4000-8000-000000000000';
  await person.ask(`DELETE /sessions/${unknown}`, '404 not_found', { session });
  await person.ask(`DELETE /sessions/${current[0]?.id}`, '200', { session });
  person.tally.expect('session_ended');
  endSession(person, account, session);
});

function endSession(person: Person, account: SoakAccount, session: string): void {
  account.sessions = account.sessions.filter(({ token }) => token !== session);
  person.dead.push(session);
}

export const endOthers = inSession(async (person, account, session) => {
  othersEnded(person, account, session, await person.ask('DELETE /sessions/others', '200', { session }));
});

export const changePassword = inSession(async (person, account, session) => {
  const password = person.newPassword();
  await person.change(account, { kind: 'change-password', session, newPassword: password });
  Object.assign(account, { password, hasForeignHash: false, resetToken: undefined, failedConfirmations: 0 });
  person.endSessions(account, session);
});

export const changeEmail = inSession(async (person, account, session) => {
  const email = person.newEmail();
  await person.change(account, { kind: 'change-email', session, newEmail: email });
  const none = { isVerified: false, resetToken: undefined, failedConfirmations: 0, failedLogins: 0 };
  Object.assign(account, { email, ...none });
});

export const confirmWrongly = inSession(async (person, account, session) => {
  if (!person.mayFailConfirmation(account)) return;
  account.failedConfirmations += 1;
  const { email } = account;
  await person.refuse({ email, password: 'not the password' }, { kind: 'delete', session }, '401 invalid_credentials');
  person.tally.expect('confirmation_failed');
});

export const deleteAccount = inSession(async (person, account, session) => {
  await person.change(account, { kind: 'delete', session });
  person.end(account);
});
