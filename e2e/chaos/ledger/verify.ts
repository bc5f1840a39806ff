import { setTimeout } from 'node:timers/promises';
import { type Answer, send } from '../../support/http-client.mjs';
import { type Operation, requestFor } from '../account.ts';
import type { LedgerAccount } from './account.ts';
import { type Factor, usedCodes } from './factor.ts';
import type { Ledger } from './ledger.ts';
import type { Mailbox } from './mailbox.ts';

/** Each waits for the database as long as a request may. */
const MOST_TRIES = 5;

/**
 * Checks through HTTP that what the service acknowledged of one account is true; before that, finds
 * out whether a write without an answer has happened.
 *
 * @param mailbox where addresses must be proven
 */
export async function verifyAccount(
  url: string,
  ledger: Ledger,
  account: LedgerAccount,
  mailbox?: Mailbox,
): Promise<void> {
  const check = (holds: boolean, sentence: string) => holds || ledger.surprise(`${account.email}: ${sentence}`);
  /**
   * Retries while the connection of a killed instance still locks the row. A try that fails so may
   * have logged in all the same.
   */
  const logIn = async (password: string, email = account.email) => {
    for (let tries = 1; ; tries += 1) {
      const answer = await patiently(() => send(url, 'POST /sessions', { json: { email, password } }));
      if (answer.code !== 'database_unavailable' || tries === MOST_TRIES) return answer;
      ledger.doubt(account, { kind: 'log-in' });
    }
  };
  const profileStatus = async (session: string) => (await send(url, 'GET /profile', { session })).status;

  const { doubt } = account;
  if (doubt) {
    const happened = await hasHappened(doubt);
    if (happened === undefined) account.doubt = undefined;
    else ledger.settle(account, doubt, happened);
    // What did not happen leaves its token valid.
    if ((doubt.kind === 'reset' || doubt.kind === 'prove') && happened === false) await useToken(doubt);
  }

  if (account.state === 'asked') {
    check((await mailbox?.isExpected(account.email)) === true, 'its mail neither left nor is owed');
    const { status } = await logIn(account.password);
    check(status === 401, `not proven, and a login was answered ${status}`);
  } else if (account.state === 'there') {
    if (account.formerPassword !== undefined) {
      const { code } = await logIn(account.formerPassword);
      check(code === 'invalid_credentials', `the former password was answered ${code}`);
    }
    const answer = await logIn(account.password);
    if (account.factor) await useCodesAgain(account.factor, answer);
    else check(answer.status === 200, `the password was answered ${answer.status}`);
    if (answer.status === 200) ledger.acknowledge(account, { kind: 'log-in' }, answer);
    for (const former of account.formerEmails) {
      const { code } = await logIn(account.password, former);
      check(code === 'invalid_credentials', `the former address ${former} was answered ${code}`);
    }
  } else if (account.state === 'deleted') {
    const { code } = await logIn(account.password);
    check(code === 'invalid_credentials', `deleted, and a login was answered ${code}`);
  }
  for (const session of account.live) {
    const { status, body } = await send(url, 'GET /profile', { session });
    const isTheirs = status === 200 && (body as { email?: string }).email === account.email;
    check(isTheirs, `a session that was opened was answered ${status}`);
    const { email, role, isVerified } = account;
    const shown = JSON.stringify(await whoami(session));
    const known = JSON.stringify({ email, role, email_verified: isVerified });
    check(shown === known, `GET /whoami shows ${shown} instead of ${known}`);
  }
  for (const session of account.ended) {
    const status = await profileStatus(session);
    check(status === 403, `a session that has ended was answered ${status}`);
  }
  for (const token of account.spentTokens) {
    const json = { email: account.email, reset_token: token, new_password: 'never to be set by this' };
    const { status } = await patiently(() => send(url, 'PUT /reset_password', { json }));
    check(status === 403, `a reset token that is spent was answered ${status}`);
  }

  async function hasHappened(operation: Operation): Promise<boolean | undefined> {
    switch (operation.kind) {
      case 'register':
      case 'prove':
        return await opens(account.password);
      case 'ask-to-register':
        return await mailbox?.isExpected(account.email);
      case 'enable-factor':
        return !(await opens(account.password));
      case 'log-out':
        return (await profileStatus(operation.session)) === 403;
      case 'reset':
      case 'change-password':
        return await opens(operation.newPassword);
      case 'change-email':
        return await opens(account.password, operation.newEmail);
      case 'set-role':
        return (await whoami(anyLive()))?.role === operation.role;
      case 'verify':
        return (await whoami(anyLive()))?.email_verified === true;
      case 'delete':
        return !(await opens(account.password));
      default:
        return undefined;
    }
  }

  async function useCodesAgain(factor: Factor, { code: refusal, body }: Answer): Promise<void> {
    check(refusal === 'second_factor_required', `enrolled, and a login by the password was answered ${refusal}`);
    const { second_factor_token } = body as { second_factor_token?: string };
    for (const code of usedCodes(factor)) {
      const json = { second_factor_token, code };
      const answer = await patiently(() => send(url, 'POST /sessions/second_factor', { json }));
      check(answer.code === 'invalid_code', `a code that was used was answered ${answer.status} ${answer.code}`);
    }
  }

  function anyLive(): string {
    const [session = ''] = account.live;
    return session;
  }

  async function whoami(session: string) {
    const { status, body } = await send(url, 'GET /whoami', { session });
    if (status !== 200) return undefined;
    const { email, role, email_verified } = (body as { user: Record<string, unknown> }).user;
    return { email, role, email_verified };
  }

  /** Whether a password opens a session; one that it opens is ended again. */
  async function opens(password: string, email?: string): Promise<boolean> {
    const answer = await logIn(password, email);
    check(answer.status === 200 || answer.status === 401, `a login was answered ${answer.status}`);
    if (answer.session === undefined) return false;
    ledger.acknowledge(account, { kind: 'log-in' }, answer);
    const { status } = await send(url, 'DELETE /sessions', { session: answer.session });
    check(status === 200, `a logout was answered ${status}`);
    ledger.acknowledge(account, { kind: 'log-out', session: answer.session });
    return true;
  }

  async function useToken(operation: Operation & { kind: 'reset' | 'prove' }): Promise<void> {
    const [, target, options] = requestFor(account, operation);
    const { status } = await patiently(() => send(url, target, options));
    check(status === 200, `the token of a ${operation.kind} that did not happen was answered ${status}`);
    if (status === 200) ledger.acknowledge(account, operation);
  }
}

/** Repeat a request that was refused for its rate, after its Retry-After. */
async function patiently(request: () => Promise<Answer>): Promise<Answer> {
  for (;;) {
    const answer = await request();
    const { code } = answer;
    if (code !== 'overloaded' && code !== 'rate_limited') return answer;
    await setTimeout(Number(answer.headers['retry-after']) * 1000);
  }
}
