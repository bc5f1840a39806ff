import type { Account, Person } from './person.ts';

/** What one does with an account; nothing where it is not possible now. */
export type AccountAct = (person: Person, account: Account) => Promise<unknown>;

export const logIn: AccountAct = async (person, account) => {
  const { email, password, disabled } = account;
  if (disabled) return failLogin(person, account, password);
  const since = performance.now();
  const answer = await person.ask({ method: 'POST', path: '/sessions', body: { email, password } }, 200);
  if (answer.session === undefined) return;
  person.tally.expect('login_succeeded');
  if (account.hasForeignHash) person.tally.expect('password_rehashed');
  account.hasForeignHash = false;
  account.sessions.push({ token: answer.session, since });
  account.failedLogins = 0;
};

async function failLogin(person: Person, account: Account, password: string): Promise<void> {
  if (!person.mayFailLogin(account)) return;
  account.failedLogins += 1;
  const body = { email: account.email, password };
  await person.ask({ method: 'POST', path: '/sessions', body }, 401, 'invalid_credentials');
  person.tally.expect('login_failed');
}

export const mistype: AccountAct = (person, account) => failLogin(person, account, 'not the password');

export const requestReset: AccountAct = async (person, account) => {
  const body = { email: account.email };
  if (account.disabled) return person.ask({ method: 'POST', path: '/reset_password', body }, 403, 'unknown_email');
  const since = performance.now();
  const { text } = await person.ask({ method: 'POST', path: '/reset_password', body }, 200);
  person.tally.expect('password_reset_requested');
  account.resetToken = { token: String(JSON.parse(text).reset_token), since };
};

export const reset: AccountAct = async (person, account) => {
  const token = person.openResetToken(account);
  if (!token) return;
  const password = person.newPassword();
  const body = { email: account.email, reset_token: token.token, new_password: password };
  await person.ask({ method: 'PUT', path: '/reset_password', body }, 200);
  person.tally.expect('password_reset_completed');
  Object.assign(account, { password, hasForeignHash: false, resetToken: undefined, failedLogins: 0 });
  person.endSessions(account);
  await person.ask({ method: 'PUT', path: '/reset_password', body }, 403, 'invalid_reset_token');
  person.tally.expect('password_reset_refused');
};

/** An act of whoever is logged in. */
function inSession(act: (person: Person, account: Account, session: string) => Promise<unknown>): AccountAct {
  return async (person, account) => {
    const session = person.openSession(account);
    return session && act(person, account, session.token);
  };
}

export const seeProfile = inSession(async (person, account, session) => {
  const { text } = await person.ask({ method: 'GET', path: '/profile', session }, 200);
  if (text !== JSON.stringify({ email: account.email })) person.tally.unexpected.push(`GET /profile: ${text}`);
});

export const askWhoami = inSession(async (person, account, session) => {
  const { text } = await person.ask({ method: 'GET', path: '/whoami', session }, 200);
  const { user } = JSON.parse(text) as { user?: Record<string, unknown> };
  account.id ??= String(user?.id);
  const { id, email, role, verified } = account;
  const isTheirs = user?.id === id && user.email === email && user.role === role && user.email_verified === verified;
  if (!isTheirs)
    person.tally.unexpected.push(`GET /whoami: ${text} for ${JSON.stringify({ id, email, role, verified })}`);
});

/** As a page of another origin does that is trusted: it asks first, and may read the answer. */
export const endOthersFromPage = inSession(async (person, account, session) => {
  const origin = 'http://localhost:5173';
  const path = '/sessions/others';
  const wanted = { origin, 'access-control-request-method': 'DELETE' };
  const preflight = await person.ask({ method: 'OPTIONS', path, headers: wanted }, 204);
  const answer = await person.ask({ method: 'DELETE', path, headers: { origin }, session }, 200);
  for (const { allowedOrigin } of [preflight, answer]) {
    if (allowedOrigin !== origin)
      person.tally.unexpected.push(`${path}: allowed is ${allowedOrigin} instead of ${origin}`);
  }
  person.tally.expect('other_sessions_ended');
  person.endSessions(
    account,
    account.sessions.find(({ token }) => token === session),
  );
});

export const logOut = inSession(async (person, account, session) => {
  await person.ask({ method: 'DELETE', path: '/sessions', session }, 200);
  person.tally.expect('session_ended');
  account.sessions = account.sessions.filter(({ token }) => token !== session);
  person.dead.push(session);
});

/** Lists one's sessions, and ends the one that asks by its id. */
export const endByList = inSession(async (person, account, session) => {
  const { text } = await person.ask({ method: 'GET', path: '/sessions', session }, 200);
  const { sessions } = JSON.parse(text) as { sessions: { id: string; current: boolean }[] };
  const current = sessions.filter((one) => one.current);
  if (current.length !== 1) person.tally.unexpected.push(`GET /sessions: ${current.length} are the current one`);
  const unknown = '00000000-0000-4000-8000-000000000000';
  await person.ask({ method: 'DELETE', path: `/sessions/${unknown}`, session }, 404, 'not_found');
  await person.ask({ method: 'DELETE', path: `/sessions/${current[0]?.id}`, session }, 200);
  person.tally.expect('session_ended');
  account.sessions = account.sessions.filter(({ token }) => token !== session);
  person.dead.push(session);
});

export const endOthers = inSession(async (person, account, session) => {
  await person.ask({ method: 'DELETE', path: '/sessions/others', session }, 200);
  person.tally.expect('other_sessions_ended');
  person.endSessions(
    account,
    account.sessions.find(({ token }) => token === session),
  );
});

export const changePassword = inSession(async (person, account, session) => {
  const newPassword = person.newPassword();
  const body = { current_password: account.password, new_password: newPassword };
  await person.ask({ method: 'PUT', path: '/profile/password', session, body }, 200);
  person.tally.expect('password_changed');
  Object.assign(account, {
    password: newPassword,
    hasForeignHash: false,
    resetToken: undefined,
    failedConfirmations: 0,
  });
  person.endSessions(
    account,
    account.sessions.find(({ token }) => token === session),
  );
});

export const changeEmail = inSession(async (person, account, session) => {
  const body = { password: account.password, new_email: person.newEmail() };
  await person.ask({ method: 'PUT', path: '/profile/email', session, body }, 200);
  person.tally.expect('email_changed');
  const none = { verified: false, resetToken: undefined, failedConfirmations: 0, failedLogins: 0 };
  Object.assign(account, { email: body.new_email, ...none });
});

export const confirmWrongly = inSession(async (person, account, session) => {
  if (!person.mayFailConfirmation(account)) return;
  account.failedConfirmations += 1;
  const body = { password: 'not the password' };
  await person.ask({ method: 'DELETE', path: '/profile', session, body }, 401, 'invalid_credentials');
  person.tally.expect('confirmation_failed');
});

export const deleteAccount = inSession(async (person, account, session) => {
  const body = { password: account.password };
  await person.ask({ method: 'DELETE', path: '/profile', session, body }, 200);
  person.end(account);
});
