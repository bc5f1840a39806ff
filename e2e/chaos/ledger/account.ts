import type { Answer, SendOptions } from '../../support/http-client.ts';

/** A write that somebody asked for. Passwords and tokens are this ledger's own, made up for accounts that nobody has. */
export type Operation =
  | { readonly kind: 'register' }
  | { readonly kind: 'log-in' }
  | { readonly kind: 'log-out'; readonly session: string }
  | { readonly kind: 'ask-reset' }
  | { readonly kind: 'reset'; readonly token: string; readonly newPassword: string }
  | { readonly kind: 'change-password'; readonly session: string; readonly newPassword: string }
  | { readonly kind: 'change-email'; readonly session: string; readonly newEmail: string }
  | { readonly kind: 'set-role'; readonly role: string }
  | { readonly kind: 'verify' }
  | { readonly kind: 'delete'; readonly session: string };

/** So many reset tokens are good side by side; the oldest is void after one more. */
const MOST_TOKENS = 5;

/** Where a service listens: for clients, and for its operator. */
export interface Doors {
  readonly url: string;
  readonly control: string;
}

/** What the service has acknowledged of one account. */
export interface Account {
  email: string;
  /** Addresses that it had before. */
  readonly formerEmails: Set<string>;
  role: string;
  isVerified: boolean;
  state: 'absent' | 'there' | 'deleted';
  password: string;
  formerPassword: string | undefined;
  readonly live: Set<string>;
  readonly ended: Set<string>;
  /** Reset tokens that were handed out and not voided, the newest last. */
  tokens: string[];
  /** Used, or voided by what came after. */
  readonly spentTokens: Set<string>;
  /** Sent, and not answered: it may have happened or not, but nothing in between. */
  doubt: Operation | undefined;
  /** Logins that may have opened a session whose token nobody was told. */
  unheardSessions: number;
  /** Requests that were not answered: each may have made a token, and voided the oldest above. */
  unheardTokens: number;
}

export function newAccount(number: number): Account {
  return {
    email: `person${number}@example.com`,
    formerEmails: new Set(),
    role: 'user',
    isVerified: false,
    state: 'absent',
    password: `the first password of ${number}`,
    formerPassword: undefined,
    live: new Set(),
    ended: new Set(),
    tokens: [],
    spentTokens: new Set(),
    doubt: undefined,
    unheardSessions: 0,
    unheardTokens: 0,
  };
}

/** The reset tokens that are good for certain. */
export function goodTokens({ tokens, unheardTokens }: Account): readonly string[] {
  return tokens.slice(Math.max(0, tokens.length + unheardTokens - MOST_TOKENS));
}

/** The request that asks for an operation, of clients or over the control socket. */
export function requestFor(
  account: Account,
  operation: Operation,
  { control: socketPath }: Pick<Doors, 'control'>,
): [target: string, options: SendOptions] {
  const { email, password } = account;
  switch (operation.kind) {
    case 'register':
      return ['POST /users', { json: { email, password } }];
    case 'log-in':
      return ['POST /sessions', { json: { email, password } }];
    case 'log-out':
      return ['DELETE /sessions', { session: operation.session }];
    case 'ask-reset':
      return ['POST /reset_password', { json: { email } }];
    case 'reset': {
      const { token, newPassword } = operation;
      return ['PUT /reset_password', { json: { email, reset_token: token, new_password: newPassword } }];
    }
    case 'change-password': {
      const json = { current_password: password, new_password: operation.newPassword };
      return ['PUT /profile/password', { json, session: operation.session }];
    }
    case 'change-email':
      return ['PUT /profile/email', { json: { password, new_email: operation.newEmail }, session: operation.session }];
    case 'set-role':
      return ['POST /users/set', { json: { email, role: operation.role }, socketPath }];
    case 'verify':
      return ['POST /users/verify', { json: { email }, socketPath }];
    case 'delete':
      return ['DELETE /profile', { json: { password }, session: operation.session }];
  }
}

/** Notes that an operation has happened; what its answer told, where there was one. */
export function apply(account: Account, operation: Operation, answer?: Pick<Answer, 'session' | 'body'>): void {
  switch (operation.kind) {
    case 'register':
      account.state = 'there';
      return;
    case 'log-in':
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

function setPassword(account: Account, newPassword: string): void {
  account.formerPassword = account.password;
  account.password = newPassword;
  account.unheardSessions = 0;
  spendTokens(account);
}

function addToken(account: Account, token: string | undefined): void {
  if (token !== undefined) account.tokens.push(token);
  for (const oldest of account.tokens.splice(0, account.tokens.length - MOST_TOKENS)) account.spentTokens.add(oldest);
}

function spendTokens(account: Account): void {
  for (const token of account.tokens) account.spentTokens.add(token);
  account.tokens = [];
  account.unheardTokens = 0;
}

function end(account: Account, session: string): void {
  account.live.delete(session);
  account.ended.add(session);
}
