import type { InjectOptions } from 'fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { answer, form, invalid, json, post, refused } from '../testing/requests.ts';
import { createTestServer, type TestServer } from '../testing/test-server.ts';

const credentials = { email: 'user@example.com', password: 'secure_password' };
const badEmail = invalid(['email', 'must be an email address']);

/** What is sent, and the whole answer to it. */
const cases: [string, InjectOptions, { status: number; body: object }][] = [
  ['a missing field', json({ email: credentials.email }), invalid(['password', 'is required'])],
  [
    'fields of the wrong type',
    json({ email: 1, password: null }),
    invalid(['email', 'must be a string'], ['password', 'must be a string']),
  ],
  [
    'an array for a field',
    json({ ...credentials, email: ['user@example.com'] }),
    invalid(['email', 'must be a string']),
  ],
  [
    'an empty field',
    form('email=&password='),
    invalid(['email', 'must not be empty'], ['password', 'must not be empty']),
  ],
  ['an unknown field', json({ ...credentials, is_admin: true }), invalid(['is_admin', 'is not a known field'])],
  [
    'an unknown field in a form',
    form('email=user@example.com&password=secure_password&is_admin=1'),
    invalid(['is_admin', 'is not a known field']),
  ],
  [
    '__proto__',
    post('{"email":"user@example.com","password":"secure_password","__proto__":{"is_admin":true}}'),
    invalid(['__proto__', 'is not a known field']),
  ],
  [
    'constructor',
    json({ ...credentials, constructor: { prototype: {} } }),
    invalid(['constructor', 'is not a known field']),
  ],
  [
    '__proto__ in a form',
    form('email=user@example.com&password=secure_password&__proto__=x'),
    invalid(['__proto__', 'is not a known field']),
  ],
  [
    'an unknown field with an endless name',
    json({ ...credentials, ['x'.repeat(1000)]: 1 }),
    invalid(['x'.repeat(64), 'is not a known field']),
  ],
  ['an email that is none', json({ ...credentials, email: 'user' }), badEmail],
  ['an email with a line break', json({ ...credentials, email: 'user@example.com\r\nBcc: x@example.com' }), badEmail],
  ['an email with NUL', json({ ...credentials, email: 'user\0@example.com' }), badEmail],
  ['an email with a lone surrogate', json({ ...credentials, email: '\ud800@example.com' }), badEmail],
  ['SQL for an email', json({ ...credentials, email: "' OR 1=1--" }), badEmail],
  ['SQL for an email at login', json({ ...credentials, email: "' OR 1=1--" }, '/sessions'), badEmail],
  [
    'an email over 254 characters',
    json({ ...credentials, email: `${'x'.repeat(250)}@example.com` }),
    invalid(['email', 'must be at most 254 characters']),
  ],
  [
    'a password over 1,024 characters',
    json({ ...credentials, password: 'x'.repeat(1025) }),
    invalid(['password', 'must be at most 1024 characters']),
  ],
  [
    'a password over 256 characters',
    json({ ...credentials, password: 'x'.repeat(257) }),
    refused(400, 'password_rejected', 'the password is too long: at most 256 characters'),
  ],
  [
    'a password with a lone surrogate',
    json({ ...credentials, password: 'secure_password\udc00' }),
    refused(400, 'password_rejected', 'the password contains characters that are not Unicode'),
  ],
  [
    'a lone surrogate at login',
    json({ ...credentials, password: 'secure_password\udc00' }, '/sessions'),
    refused(401, 'invalid_credentials', 'wrong email or password'),
  ],
  [
    'an endless password at login',
    json({ ...credentials, password: '\u{1f511}'.repeat(1024) }, '/sessions'),
    refused(401, 'invalid_credentials', 'wrong email or password'),
  ],
];

describe('the fields of a body', () => {
  let test: TestServer;

  beforeAll(async () => {
    test = await createTestServer();
  });
  afterAll(() => test.close());

  it.each(cases)('%s', async (_what, request, expected) => {
    expect(answer(await test.server.inject(request))).toEqual(expected);
    expect(await test.auth.database.read('users')).toEqual([]);
  });

  it('are named ten at a time', async () => {
    const unknown = Object.fromEntries(Array.from({ length: 500 }, (_, index) => [`field${index}`, index]));
    const response = await test.server.inject(json({ ...credentials, ...unknown }));
    const named = Array.from({ length: 10 }, (_, index): [string, string] => [`field${index}`, 'is not a known field']);
    expect(answer(response)).toEqual(invalid(...named));
  });
});
