import { password } from '../load/account.ts';
import type { Person } from './person.ts';

type Act = (person: Person) => Promise<unknown>;

/** Who is always there, and whose address nobody else can have. */
export const residentEmail = 'resident@example.com';

const json = { 'content-type': 'application/json' };

/** What anybody can do, with an account or without. */
export const acts: readonly Act[] = [
  (person) => person.ask({ method: 'GET', path: '/health' }, 200),
  (person) => person.ask({ method: 'GET', path: '/ready' }, 200),
  (person) => person.ask({ method: 'GET', path: '/' }, 200),
  (person) => person.ask({ method: 'GET', path: '/openapi.json' }, 200),
  (person) => person.ask({ method: 'GET', path: '/profile' }, 403, 'unauthenticated'),
  (person) => person.ask({ method: 'GET', path: '/whoami' }, 401, 'unauthenticated'),
  (person) => person.ask({ method: 'DELETE', path: '/sessions', session: 'no-session' }, 403, 'unauthenticated'),
  (person) => person.ask({ method: 'GET', path: '/nothing' }, 404, 'not_found'),
  (person) => person.ask({ method: 'PATCH', path: '/users' }, 405, 'method_not_allowed'),
  (person) => person.ask({ method: 'POST', path: '/users', headers: json, body: '{"email":' }, 400, 'invalid_request'),
  (person) => person.ask({ method: 'POST', path: '/users', body: { email: residentEmail, more: 1 } }, 400),
  (person) => person.ask({ method: 'POST', path: '/users', body: 'x'.repeat(20_000) }, 413, 'payload_too_large'),
  (person) => person.ask({ method: 'POST', path: '/users', headers: { 'content-type': 'text/plain' }, body: 'x' }, 415),
  (person) => person.ask({ method: 'GET', path: '/health', headers: { host: 'example.net' } }, 200),
  (person) => person.ask({ method: 'GET', path: '/', headers: { host: 'example.net' } }, 421),
  (person) =>
    person.ask({ method: 'POST', path: '/sessions', headers: { origin: 'http://example.net' }, body: {} }, 403),
  (person) =>
    person.ask({ method: 'POST', path: '/users', body: { email: residentEmail, password } }, 400, 'email_taken'),
  (person) =>
    person.ask(
      { method: 'POST', path: '/users', body: { email: person.newEmail(), password: 'password' } },
      400,
      'password_rejected',
    ),
  (person) =>
    person.ask({ method: 'POST', path: '/reset_password', body: { email: person.newEmail() } }, 403, 'unknown_email'),
  async (person) => {
    const body = { email: person.newEmail(), password };
    await person.ask({ method: 'POST', path: '/sessions', body }, 401, 'invalid_credentials');
    person.tally.expect('login_failed');
  },
  async (person) => {
    const body = { email: residentEmail, reset_token: crypto.randomUUID(), new_password: person.newPassword() };
    await person.ask({ method: 'PUT', path: '/reset_password', body }, 403, 'invalid_reset_token');
    person.tally.expect('password_reset_refused');
  },
  async (person) => {
    const session = person.dead.pop();
    if (session === undefined) return;
    person.tally.expiredTried += 1;
    await person.ask({ method: 'GET', path: '/profile', session }, 403, 'unauthenticated');
  },
];

/** How one comes to an account. */
export const beginnings: readonly Act[] = [
  async (person) => {
    const [email, newPassword] = [person.newEmail(), person.newPassword()];
    await person.ask({ method: 'POST', path: '/users', body: { email, password: newPassword } }, 200);
    person.tally.expect('user_registered');
    person.begin(email, newPassword);
  },
  async (person) => {
    const email = person.newEmail();
    const body = JSON.stringify({ line: 1, email, password_hash: person.passwordHash });
    const headers = { 'content-type': 'application/x-ndjson' };
    await person.operate({ method: 'POST', path: '/users/import', headers, body }, 200);
    person.tally.expect('users_imported');
    person.begin(email, password, { hasForeignHash: true });
  },
];
