import { createAuthsvc } from './authsvc.ts';
import { createApiClient } from './client.ts';
import { fetchTransport } from './fetch-transport.ts';
import type { Identity } from './identity.ts';
import type { Credentials } from './operations.ts';
import { cookieHeader } from './session-cookie.ts';

export interface TestUserOptions {
  /** Where the service is, such as `http://127.0.0.1:4100`. */
  readonly url: string;
  /** By default an address that no other test user has. */
  readonly email?: string | undefined;
  readonly password?: string | undefined;
}

export interface TestUser extends Identity, Credentials {
  /** The `Cookie` header of a logged-in browser: send it to your application. */
  readonly cookie: string;
}

/**
 * Register a user and log it in, for an application's tests.
 *
 * Behind a public URL the service limits registrations and logins by address: start the one for
 * tests without AUTHSVC_PUBLIC_URL, or with higher limits.
 *
 * @throws ApiRefusal `email_taken`, `rate_limited`, …
 */
export async function createTestUser({ url, ...chosen }: TestUserOptions): Promise<TestUser> {
  const id = crypto.randomUUID();
  const { email = `user-${id}@example.com`, password = `password ${id}` } = chosen;
  const client = createApiClient({ server: url.replace(/\/$/, ''), transport: fetchTransport() });
  await client.register({ email, password });
  const session = await client.logIn({ email, password });
  if (!('token' in session)) throw new Error('the test user has a second factor');
  const cookie = cookieHeader(session.token, session.cookie);
  const identity = await createAuthsvc({ url }).whoami({ headers: { cookie } });
  if (!identity) throw new Error('the session of the test user is not valid');
  return { ...identity, email, password, cookie };
}
