import type { BodyOf, EndpointName, endpoints } from './contract/endpoints.ts';
import type { WireErrorCode } from './contract/status-codes.ts';

export interface Credentials {
  readonly email: string;
  readonly password: string;
}

export interface Registration extends Credentials {
  /** Of an invitation to this address. */
  readonly invitationToken?: string | undefined;
}

export interface EmailProof {
  readonly email: string;
  readonly verificationToken: string;
  /** Becomes a new account's; for a change of email, that of the account. */
  readonly password: string;
  /** Of a change of email, where the account has a second factor. */
  readonly code?: string | undefined;
}

/** What completes a login of an account with a second factor. */
export interface SecondFactor {
  /** Of the login whose password was right. */
  readonly secondFactorToken: string;
  /** Six digits, or a recovery code. */
  readonly code: string;
}

export interface PasswordReset {
  readonly email: string;
  readonly resetToken: string;
  readonly newPassword: string;
}

/** The request of an endpoint: the compiler compares it with the contract, which is not loaded. */
export interface Operation<Name extends EndpointName> {
  readonly method: (typeof endpoints)[Name]['method'];
  readonly path: (typeof endpoints)[Name]['path'];
  readonly fields?: BodyOf<Name>;
  /** A refusal that is an answer to go on from. */
  readonly expects?: WireErrorCode;
}

export function register({ email, password, invitationToken }: Registration): Operation<'register'> {
  const invitation = invitationToken === undefined ? {} : { invitation_token: invitationToken };
  return { method: 'POST', path: '/users', fields: { email, password, ...invitation } };
}

export function requestVerification({ email }: Pick<Credentials, 'email'>): Operation<'requestEmailVerification'> {
  return { method: 'POST', path: '/email_verification', fields: { email } };
}

export function verifyEmail({ email, verificationToken, password, code }: EmailProof): Operation<'verifyEmail'> {
  const fields = { email, verification_token: verificationToken, password, ...(code !== undefined && { code }) };
  return { method: 'PUT', path: '/email_verification', fields };
}

export function logIn({ email, password }: Credentials): Operation<'logIn'> {
  return { method: 'POST', path: '/sessions', fields: { email, password }, expects: 'second_factor_required' };
}

export function logInWithCode({ secondFactorToken, code }: SecondFactor): Operation<'logInWithCode'> {
  const fields = { second_factor_token: secondFactorToken, code };
  return { method: 'POST', path: '/sessions/second_factor', fields };
}

/** @param token of a notice. */
export function notMe(token: string): Operation<'notMe'> {
  return { method: 'POST', path: '/not_me', fields: { token } };
}

export const logOut: Operation<'logOut'> = { method: 'DELETE', path: '/sessions' };

export const profile: Operation<'getProfile'> = { method: 'GET', path: '/profile' };

export const whoami: Operation<'whoami'> = { method: 'GET', path: '/whoami' };

export function requestReset({ email }: Pick<Credentials, 'email'>): Operation<'requestPasswordReset'> {
  return { method: 'POST', path: '/reset_password', fields: { email } };
}

export function resetPassword({ email, resetToken, newPassword }: PasswordReset): Operation<'resetPassword'> {
  const fields = { email, reset_token: resetToken, new_password: newPassword };
  return { method: 'PUT', path: '/reset_password', fields };
}

/** What proves the owner of an account with a second factor. */
export interface Confirmation {
  readonly password: string;
  readonly code: string;
}

export const listFactors: Operation<'listFactors'> = { method: 'GET', path: '/profile/factors' };

export function beginTotp({ password }: Pick<Confirmation, 'password'>): Operation<'beginTotp'> {
  return { method: 'POST', path: '/profile/totp', fields: { password } };
}

export function enableTotp({ code }: Pick<Confirmation, 'code'>): Operation<'enableTotp'> {
  return { method: 'PUT', path: '/profile/totp', fields: { code } };
}

export function disableTotp({ password, code }: Confirmation): Operation<'disableTotp'> {
  return { method: 'DELETE', path: '/profile/totp', fields: { password, code } };
}

export function renewRecoveryCodes({ password, code }: Confirmation): Operation<'renewRecoveryCodes'> {
  return { method: 'POST', path: '/profile/recovery_codes', fields: { password, code } };
}
