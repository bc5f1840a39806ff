import type { Daemon } from '../support/daemon.ts';
import { type Answer, type SendOptions, send } from '../support/http-client.mjs';

export interface Credentials {
  email: string;
  password: string;
}

/** What the service must know of an account. */
export interface Account extends Credentials {
  role: string;
  isVerified: boolean;
}

/** A write. Passwords and tokens are made up, for accounts that belong to no person. */
export type Operation =
  | { readonly kind: 'register' }
  /** As `register`, where an address must be proven: there is no account before `prove`. */
  | { readonly kind: 'ask-to-register' }
  | { readonly kind: 'prove'; readonly token: string }
  | { readonly kind: 'log-in' }
  /** Of an authenticator app at a step, or a recovery code. */
  | { readonly kind: 'use-code'; readonly token: string; readonly code: string; readonly step: number | undefined }
  | {
      readonly kind: 'enable-factor';
      readonly session: string;
      readonly secret: string;
      readonly code: string;
      readonly step: number;
    }
  | { readonly kind: 'log-out'; readonly session: string }
  | { readonly kind: 'ask-reset' }
  | { readonly kind: 'reset'; readonly token: string; readonly newPassword: string }
  | { readonly kind: 'change-password'; readonly session: string; readonly newPassword: string }
  | { readonly kind: 'change-email'; readonly session: string; readonly newEmail: string }
  | { readonly kind: 'set-role'; readonly role: string }
  | { readonly kind: 'verify' }
  | { readonly kind: 'delete'; readonly session: string };

/** The name of each operation in the audit trail, where its transaction records it. */
export const eventOf = {
  register: 'user_registered',
  'ask-to-register': 'registration_requested',
  prove: 'user_registered',
  'log-in': 'login_succeeded',
  'use-code': 'login_succeeded',
  'enable-factor': 'second_factor_enabled',
  'log-out': 'session_ended',
  'ask-reset': 'password_reset_requested',
  reset: 'password_reset_completed',
  'change-password': 'password_changed',
  'change-email': 'email_changed',
  'set-role': 'user_role_set',
  verify: 'user_email_verified',
  delete: 'user_deleted',
} as const satisfies Record<Operation['kind'], string>;

/** Where a service listens: for clients, and for its operator. */
export type Doors = Pick<Daemon, 'url' | 'control'>;

/** The request that asks for an operation, of clients or over the control socket. */
export function requestFor(
  { email, password }: Credentials,
  operation: Operation,
): [door: keyof Doors, target: string, options: SendOptions] {
  const session = 'session' in operation ? operation.session : undefined;
  switch (operation.kind) {
    case 'register':
    case 'ask-to-register':
      return ['url', 'POST /users', { json: { email, password } }];
    case 'prove':
      return ['url', 'PUT /email_verification', { json: { email, verification_token: operation.token, password } }];
    case 'log-in':
      return ['url', 'POST /sessions', { json: { email, password } }];
    case 'use-code': {
      const json = { second_factor_token: operation.token, code: operation.code };
      return ['url', 'POST /sessions/second_factor', { json }];
    }
    case 'enable-factor':
      return ['url', 'PUT /profile/totp', { json: { code: operation.code }, session }];
    case 'log-out':
      return ['url', 'DELETE /sessions', { session }];
    case 'ask-reset':
      return ['url', 'POST /reset_password', { json: { email } }];
    case 'reset': {
      const json = { email, reset_token: operation.token, new_password: operation.newPassword };
      return ['url', 'PUT /reset_password', { json }];
    }
    case 'change-password': {
      const json = { current_password: password, new_password: operation.newPassword };
      return ['url', 'PUT /profile/password', { json, session }];
    }
    case 'change-email':
      return ['url', 'PUT /profile/email', { json: { password, new_email: operation.newEmail }, session }];
    case 'set-role':
      return ['control', 'POST /users/set', { json: { email, role: operation.role } }];
    case 'verify':
      return ['control', 'POST /users/verify', { json: { email } }];
    case 'delete':
      return ['url', 'DELETE /profile', { json: { password }, session }];
  }
}

/** Asks a service for an operation. */
export function ask(doors: Doors, account: Account, operation: Operation): Promise<Answer> {
  const [door, target, options] = requestFor(account, operation);
  return send(doors[door], target, options);
}
