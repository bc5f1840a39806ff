import type { AccountAct } from './account-acts.ts';

export const show: AccountAct = (person, { email }) =>
  person.operate({ method: 'GET', path: `/users/show?email=${encodeURIComponent(email)}` }, 200);

export const search: AccountAct = (person, { email }) =>
  person.operate({ method: 'GET', path: `/users?search=${encodeURIComponent(email)}&limit=10` }, 200);

export const audit: AccountAct = (person, { email }) =>
  person.operate({ method: 'GET', path: `/events?email=${encodeURIComponent(email)}&limit=20` }, 200);

export const disable: AccountAct = async (person, account) => {
  await person.operate({ method: 'POST', path: '/users/disable', body: { email: account.email } }, 200);
  person.tally.expect('user_disabled');
  Object.assign(account, { disabled: true, resetToken: undefined });
  person.endSessions(account);
};

export const enable: AccountAct = async (person, account) => {
  await person.operate({ method: 'POST', path: '/users/enable', body: { email: account.email } }, 200);
  person.tally.expect('user_enabled');
  account.disabled = false;
};

export const setRole: AccountAct = async (person, account) => {
  const role = person.newRole();
  await person.operate({ method: 'POST', path: '/users/set', body: { email: account.email, role } }, 200);
  person.tally.expect('user_role_set');
  account.role = role;
};

export const setNoRole: AccountAct = (person, { email }) =>
  person.operate({ method: 'POST', path: '/users/set', body: { email, role: 'No role' } }, 400, 'invalid_request');

export const verify: AccountAct = async (person, account) => {
  await person.operate({ method: 'POST', path: '/users/verify', body: { email: account.email } }, 200);
  person.tally.expect('user_email_verified');
  account.verified = true;
};

export const revoke: AccountAct = async (person, account) => {
  await person.operate({ method: 'POST', path: '/users/revoke', body: { email: account.email } }, 200);
  person.tally.expect('sessions_revoked');
  person.endSessions(account);
};

export const issueReset: AccountAct = async (person, account) => {
  const outgoing = { method: 'POST', path: '/users/reset', body: { email: account.email } };
  if (account.disabled) return person.operate(outgoing, 403, 'unknown_email');
  const since = performance.now();
  const { text } = await person.operate(outgoing, 200);
  person.tally.expect('password_reset_issued');
  account.resetToken = { token: String(JSON.parse(text).reset_token), since };
};

export const remove: AccountAct = async (person, account) => {
  await person.operate({ method: 'POST', path: '/users/delete', body: { email: account.email } }, 200);
  person.end(account);
};
