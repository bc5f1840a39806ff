import { totpCode } from '../../../test/totp-code.ts';
import type { SendOptions } from '../../support/http-client.mjs';
import { type AccountAct, inSession } from './account-acts.ts';
import type { Person, SoakAccount } from './person.ts';

/**
 * Enable a second factor, use codes of all sorts, and disable it again: every other act is then as
 * before. Recovery codes do not wait for the next half minute.
 */
export const tryFactor: AccountAct = inSession(async (person, account, session) => {
  const since = performance.now();
  const { password } = account;
  const begun = await person.ask('POST /profile/totp', '200', { json: { password }, session });
  const { secret } = begun.body as { secret: string };
  const code = totpCode(secret, Date.now());
  const enabled = await person.ask('PUT /profile/totp', '200', { json: { code }, session });
  person.tally.expect('second_factor_enabled');
  if (enabled.session === undefined) return;
  person.endSessions(account);
  account.sessions.push({ token: enabled.session, since });
  const [first = '', second = ''] = (enabled.body as { recovery_codes: string[] }).recovery_codes;

  await person.ask('POST /sessions/second_factor', '401 invalid_code', await waiting(person, account, code));
  person.tally.expect('second_factor_failed');
  // From here on in the session that this opens: the other one may expire.
  const finishing = await waiting(person, account, first);
  const opened = performance.now();
  const { session: own } = await person.ask('POST /sessions/second_factor', '200', finishing);
  expectAll(person, 'recovery_code_used', 'login_succeeded');
  if (own === undefined) return;
  account.sessions.push({ token: own, since: opened });
  Object.assign(account, { failedLogins: 0, failedConfirmations: 0 });

  const json = { password, code: second };
  const renewed = await person.ask('POST /profile/recovery_codes', '200', { json, session: own });
  expectAll(person, 'recovery_code_used', 'recovery_codes_renewed');
  const { text } = await person.ask('GET /profile/factors', '200', { session: own });
  if (!text.includes('"recovery_codes":{"left":10}')) person.tally.unexpected.push(`GET /profile/factors: ${text}`);
  const [third = ''] = (renewed.body as { recovery_codes?: string[] }).recovery_codes ?? [];
  await person.ask('DELETE /profile/totp', '200', { json: { password, code: third }, session: own });
  expectAll(person, 'recovery_code_used', 'second_factor_disabled');
});

/** The right password, and the code that is to follow. */
async function waiting(person: Person, { email, password }: SoakAccount, code: string): Promise<SendOptions> {
  const { body } = await person.ask('POST /sessions', '401 second_factor_required', { json: { email, password } });
  person.tally.expect('second_factor_required');
  const { second_factor_token } = body as { second_factor_token: string };
  return { json: { second_factor_token, code } };
}

function expectAll(person: Person, ...events: readonly string[]): void {
  for (const event of events) person.tally.expect(event);
}
