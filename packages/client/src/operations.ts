import type { BodyOf, EndpointName, endpoints } from './contract/endpoints.ts';

export interface Credentials {
  readonly email: string;
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

export function register({ email, password }: Credentials): Operation<'register'> {
  return { method: 'POST', path: '/users', fields: { email, password } };
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
