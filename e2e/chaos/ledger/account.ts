import type { Answer } from '../../support/http-client.mjs';
import type { Account, Operation } from '../account.ts';
import { type Factor, newFactor, noteUse } from './factor.ts';

/** How many reset tokens may be valid at the same time; one more voids the oldest. */
const MOST_TOKENS = 5;

/** What the service has acknowledged of one account. */
export interface LedgerAccount extends Account {
  /** Addresses that it had before. */
  readonly formerEmails: Set<string>;
  /** `asked`: to be registered, and not proven. */
  state: 'absent' | 'asked' | 'there' | 'deleted';
  formerPassword: string | undefined;
  factor: Factor | undefined;
  readonly live: Set<string>;
  readonly ended: Set<string>;
  /** Reset tokens that were handed out and not voided, the newest last. */
  tokens: string[];
  /** Used, or voided by what came after. */
  readonly spentTokens: Set<string>;
  /** Sent, and not answered: either all of it happened, or none of it. */
  doubt: Operation | undefined;
  /** Logins without an answer, which may have opened a session. */
  unheardSessions: number;
  /** Requests that were not answered: each may have made a token, and voided the oldest above. */
  unheardTokens: number;
}

export function newAccount(number: number): LedgerAccount {
  return {
    email: `person${number}@example.com`,
    formerEmails: new Set(),
    role: 'user',
    isVerified: false,
    state: 'absent',
    password: `the first password of ${number}`,
    formerPassword: undefined,
    factor: undefined,
    live: new Set(),
    ended: new Set(),
    tokens: [],
    spentTokens: new Set(),
    doubt: undefined,
    unheardSessions: 0,
    unheardTokens: 0,
  };
}

/** The reset tokens that are certainly valid. */
export function goodTokens({ tokens, unheardTokens }: LedgerAccount): readonly string[] {
  return tokens.slice(Math.max(0, tokens.length + unheardTokens - MOST_TOKENS));
}

/** Note that an operation has happened, and what its answer holds, where there was one. */
export function apply(account: LedgerAccount, operation: Operation, answer?: Pick<Answer, 'session' | 'body'>): void {
  switch (operation.kind) {
    case 'register':
      account.state = 'there';
      return;
    case 'ask-to-register':
      account.state = 'asked';
      return;
    case 'prove':
      account.state = 'there';
      account.isVerified = true;
      return;
    case 'log-in':
      if (answer?.session) account.live.add(answer.session);
      return;
    case 'enable-factor':
      for (const session of account.live) end(account, session);
      account.factor = newFactor(
        operation,
        (answer?.body as { recovery_codes?: string[] } | undefined)?.recovery_codes,
      );
      if (answer?.session) account.live.add(answer.session);
      account.unheardSessions = answer?.session ? 0 : 1;
      return;
    case 'use-code':
      if (account.factor) noteUse(account.factor, operation);
      if (answer?.session) account.live.add(answer.session);
      return;
    case 'log-out':
      end(account, operation.session);
      return;
    case 'ask-reset':
      addToken(account, (answer?.body as { reset_token?: string } | undefined)?.reset_token);
      return;
    case 'reset':
      setPassword(account, operation.newPassword);
      for (const session of account.live) end(account, session);
      return;
    case 'change-password':
      setPassword(account, operation.newPassword);
      for (const session of account.live) if (session !== operation.session) end(account, session);
      return;
    case 'change-email':
      account.formerEmails.add(account.email);
      account.email = operation.newEmail;
      account.isVerified = false;
      spendTokens(account);
      return;
    case 'set-role':
      account.role = operation.role;
      return;
    case 'verify':
      account.isVerified = true;
      return;
    case 'delete':
      account.state = 'deleted';
      for (const session of account.live) end(account, session);
      spendTokens(account);
  }
}

function setPassword(account: LedgerAccount, newPassword: string): void {
  account.formerPassword = account.password;
  account.password = newPassword;
  account.unheardSessions = 0;
  spendTokens(account);
}

function addToken(account: LedgerAccount, token: string | undefined): void {
  if (token !== undefined) account.tokens.push(token);
  for (const oldest of account.tokens.splice(0, account.tokens.length - MOST_TOKENS)) account.spentTokens.add(oldest);
}

function spendTokens(account: LedgerAccount): void {
  for (const token of account.tokens) account.spentTokens.add(token);
  account.tokens = [];
  account.unheardTokens = 0;
}

function end(account: LedgerAccount, session: string): void {
  account.live.delete(session);
  account.ended.add(session);
}
