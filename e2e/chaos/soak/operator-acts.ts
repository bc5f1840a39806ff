import type { AccountAct } from './account-acts.ts';
import type { Person, SoakAccount } from './person.ts';

export const show: AccountAct = (person, { email }) =>
  person.operate(`GET /users/show?email=${encodeURIComponent(email)}`, '200');

export const search: AccountAct = (person, { email }) =>
  person.operate(`GET /users?search=${encodeURIComponent(email)}&limit=10`, '200');

export const audit: AccountAct = (person, { email }) =>
  person.operate(`GET /events?email=${encodeURIComponent(email)}&limit=20`, '200');

export const disable: AccountAct = async (person, account) => {
  await change(person, account, 'disable', 'user_disabled');
  Object.assign(account, { disabled: true, resetToken: undefined });
  person.endSessions(account);
};

export const enable: AccountAct = async (person, account) => {
  await change(person, account, 'enable', 'user_enabled');
  account.disabled = false;
};

export const setRole: AccountAct = async (person, account) => {
  const role = person.newRole();
  await person.change(account, { kind: 'set-role', role });
  account.role = role;
};

export const setNoRole: AccountAct = (person, account) =>
  person.refuse(account, { kind: 'set-role', role: 'No role' }, '400 invalid_request');

export const verify: AccountAct = async (person, account) => {
  await person.change(account, { kind: 'verify' });
  account.isVerified = true;
};

export const revoke: AccountAct = async (person, account) => {
  await change(person, account, 'revoke', 'sessions_revoked');
  person.endSessions(account);
};

export const issueReset: AccountAct = async (person, account) => {
  const json = { email: account.email };
  if (account.disabled) return person.operate('POST /users/reset', '403 unknown_email', { json });
  const since = performance.now();
  const { body } = await change(person, account, 'reset', 'password_reset_issued');
  account.resetToken = { token: (body as { reset_token: string }).reset_token, since };
};

export const remove: AccountAct = async (person, account) => {
  await change(person, account, 'delete', 'user_deleted');
  person.end(account);
};

async function change(person: Person, { email }: SoakAccount, verb: string, event: string) {
  const answer = await person.operate(`POST /users/${verb}`, '200', { json: { email } });
  person.tally.expect(event);
  return answer;
}
