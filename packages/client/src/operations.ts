import type { BodyOf, EndpointName, endpoints } from './contract/endpoints.ts';

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
}

export function register({ email, password, invitationToken }: Registration): Operation<'register'> {
  const invitation = invitationToken === undefined ? {} : { invitation_token: invitationToken };
  return { method: 'POST', path: '/users', fields: { email, password, ...invitation } };
}

export function requestVerification({ email }: Pick<Credentials, 'email'>): Operation<'requestEmailVerification'> {
  return { method: 'POST', path: '/email_verification', fields: { email } };
}

export function verifyEmail({ email, verificationToken, password }: EmailProof): Operation<'verifyEmail'> {
  const fields = { email, verification_token: verificationToken, password };
  return { method: 'PUT', path: '/email_verification', fields };
}

export function logIn({ email, password }: Credentials): Operation<'logIn'> {
  return { method: 'POST', path: '/sessions', fields: { email, password } };
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
