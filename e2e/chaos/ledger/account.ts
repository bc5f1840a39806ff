import type { Answer, SendOptions } from '../../support/http-client.ts';

/** A write that somebody asked for. Passwords and tokens are this ledger's own, made up for accounts that nobody has. */
export type Operation =
  | { readonly kind: 'register' }
  | { readonly kind: 'log-in' }
  | { readonly kind: 'log-out'; readonly session: string }
  | { readonly kind: 'ask-reset' }
  | { readonly kind: 'reset'; readonly token: string; readonly newPassword: string }
  | { readonly kind: 'change-password'; readonly session: string; readonly newPassword: string }
  | { readonly kind: 'delete'; readonly session: string };

/** What the service has acknowledged of one account. */
export interface Account {
  readonly email: string;
  state: 'absent' | 'there' | 'deleted';
  password: string;
  formerPassword: string | undefined;
  readonly live: Set<string>;
  readonly ended: Set<string>;
  /** The reset token that is good. */
  token: string | undefined;
  /** Used, or voided by what came after. */
  readonly spentTokens: Set<string>;
  /** Sent, and not answered: it may have happened or not, but nothing in between. */
  doubt: Operation | undefined;
  /** Logins that may have opened a session whose token nobody was told. */
  unheardSessions: number;
  /** A request for a token that was not answered: the token above may have been replaced. */
  isTokenInDoubt: boolean;
}

export function newAccount(number: number): Account {
  return {
    email: `person${number}@example.com`,
    state: 'absent',
    password: `the first password of ${number}`,
    formerPassword: undefined,
    live: new Set(),
    ended: new Set(),
    token: undefined,
    spentTokens: new Set(),
    doubt: undefined,
    unheardSessions: 0,
    isTokenInDoubt: false,
  };
}

/** The request that asks for an operation. */
export function requestFor(account: Account, operation: Operation): [target: string, options: SendOptions] {
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
      spendToken(account);
      account.token = (answer?.body as { reset_token?: string } | undefined)?.reset_token;
      return;
    case 'reset':
      setPassword(account, operation.newPassword);
      for (const session of account.live) end(account, session);
      return;
    case 'change-password':
      setPassword(account, operation.newPassword);
      for (const session of account.live) if (session !== operation.session) end(account, session);
      return;
    case 'delete':
      account.state = 'deleted';
      for (const session of account.live) end(account, session);
      spendToken(account);
  }
}

function setPassword(account: Account, newPassword: string): void {
  account.formerPassword = account.password;
  account.password = newPassword;
  account.unheardSessions = 0;
  spendToken(account);
}

function spendToken(account: Account): void {
  if (account.token !== undefined) account.spentTokens.add(account.token);
  account.token = undefined;
  account.isTokenInDoubt = false;
}

function end(account: Account, session: string): void {
  account.live.delete(session);
  account.ended.add(session);
}
