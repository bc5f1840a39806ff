import { password } from '../load/accounts.ts';
import type { Person } from './person.ts';

type Act = (person: Person) => Promise<unknown>;

/** The address of an account that is always there. */
export const residentEmail = 'resident@example.com';

const json = { 'content-type': 'application/json' };

/** What anyone can do, with an account or without. */
export const acts: readonly Act[] = [
  (person) => person.ask('GET /health', '200'),
  (person) => person.ask('GET /ready', '200'),
  (person) => person.ask('GET /', '200'),
  (person) => person.ask('GET /openapi.json', '200'),
  (person) => person.ask('GET /profile', '403 unauthenticated'),
  (person) => person.ask('GET /whoami', '401 unauthenticated'),
  (person) => person.ask('DELETE /sessions', '403 unauthenticated', { session: 'no-session' }),
  (person) => person.ask('GET /nothing', '404 not_found'),
  (person) => person.ask('PATCH /users', '405 method_not_allowed'),
  (person) => person.ask('POST /users', '400 invalid_request', { headers: json, raw: '{"email":' }),
  (person) => person.ask('POST /users', '400', { json: { email: residentEmail, more: 1 } }),
  (person) => person.ask('POST /users', '413 payload_too_large', { headers: json, raw: 'x'.repeat(20_000) }),
  (person) => person.ask('POST /users', '415', { headers: { 'content-type': 'text/plain' }, raw: 'x' }),
  (person) => person.ask('GET /health', '200', { headers: { host: 'example.net' } }),
  (person) => person.ask('GET /', '421', { headers: { host: 'example.net' } }),
  (person) => person.ask('POST /sessions', '403', { headers: { origin: 'http://example.net' }, json: {} }),
  (person) => person.refuse({ email: residentEmail, password }, { kind: 'register' }, '400 email_taken'),
  (person) =>
    person.refuse({ email: person.newEmail(), password: 'password' }, { kind: 'register' }, '400 password_rejected'),
  (person) => person.refuse({ email: person.newEmail(), password }, { kind: 'ask-reset' }, '403 unknown_email'),
  async (person) => {
    await person.refuse({ email: person.newEmail(), password }, { kind: 'log-in' }, '401 invalid_credentials');
    person.tally.expect('login_failed');
  },
  async (person) => {
    const operation = { kind: 'reset', token: crypto.randomUUID(), newPassword: person.newPassword() } as const;
    await person.refuse({ email: residentEmail, password }, operation, '403 invalid_reset_token');
    person.tally.expect('password_reset_refused');
  },
  async (person) => {
    await person.ask('POST /email_verification', '200', { json: { email: person.newEmail() } });
    person.tally.expect('email_verification_requested');
  },
  async (person) => {
    const operation = { kind: 'prove', token: crypto.randomUUID() } as const;
    await person.refuse({ email: residentEmail, password }, operation, '403 invalid_verification_token');
    person.tally.expect('email_verification_refused');
  },
  async (person) => {
    const session = person.dead.pop();
    if (session === undefined) return;
    person.tally.expiredTried += 1;
    await person.ask('GET /profile', '403 unauthenticated', { session });
  },
];

/** The ways to get an account. */
export const beginnings: readonly Act[] = [
  async (person) => {
    const credentials = { email: person.newEmail(), password: person.newPassword() };
    await person.change(credentials, { kind: 'register' });
    person.begin(credentials);
  },
  async (person) => {
    const [email, role, secret] = [person.newEmail(), person.newRole(), person.newPassword()];
    const { body } = await person.operate('POST /users/invite', '200', { json: { email, role } });
    person.tally.expect('user_invited');
    const { invitation_token } = body as { invitation_token: string };
    const json = { email, password: secret, invitation_token };
    await person.ask('POST /users', '200', { json });
    for (const event of ['user_registered', 'invitation_accepted']) person.tally.expect(event);
    person.begin({ email, password: secret }, { role, isVerified: true });
    await person.ask('POST /users', '403 invalid_invitation_token', { json });
    person.tally.expect('invitation_refused');
  },
  async (person) => {
    const email = person.newEmail();
    const raw = JSON.stringify({ line: 1, email, password_hash: person.passwordHash });
    const headers = { 'content-type': 'application/x-ndjson' };
    await person.operate('POST /users/import', '200', { headers, raw });
    person.tally.expect('users_imported');
    person.begin({ email, password }, { hasForeignHash: true });
  },
];
