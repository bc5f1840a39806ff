import type { InjectOptions } from 'fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { answer, encodings, FORM_TYPE, form, invalid, JSON_TYPE, json, post, refused } from '../testing/requests.ts';
import { createTestServer, type TestServer } from '../testing/test-server.ts';

const credentials = { email: 'user@example.com', password: 'secure_password' };

const noBody = refused(400, 'invalid_request', 'the request needs a body: a JSON object, or a form');
const badJson = refused(400, 'invalid_request', 'the body is not valid JSON');
const badForm = refused(
  400,
  'invalid_request',
  'the form is not percent-encoded UTF-8: a % that stands for itself is sent as %25',
);
const jsonAsForm = refused(
  400,
  'invalid_request',
  'the body looks like JSON but came as a form: send the header Content-Type: application/json',
);
const badType = refused(
  415,
  'unsupported_media_type',
  'send the body as application/json or application/x-www-form-urlencoded, and say which in Content-Type',
);
const tooLarge = refused(413, 'payload_too_large', 'the body is too large: at most 16 KiB');

/** What is sent, and the whole answer to it. */
const cases: [string, InjectOptions, { status: number; body: object }][] = [
  ['no body and no type', { method: 'POST', url: '/users' }, noBody],
  ['an empty JSON body', post(''), noBody],
  ['an empty form', form(''), invalid(['email', 'is required'], ['password', 'is required'])],
  ['a JSON array', json([]), noBody],
  ['a JSON null', json(null), noBody],
  ['a JSON text', json('user@example.com'), noBody],
  ['cut-off JSON', post('{"email":"user@exa'), badJson],
  ['two JSON values', post('{} {}'), badJson],
  ['JSON nested deeply', post('['.repeat(16_000)), badJson],
  ['JSON as curl -d sends it', form(JSON.stringify(credentials)), jsonAsForm],
  [
    'a repeated form field',
    form('email=user@example.com&password=one_password&password=another'),
    invalid(['password', 'came more than once']),
  ],
  [
    'a repeated form field with an endless name',
    form(`${'x'.repeat(1000)}=1&${'x'.repeat(1000)}=2`),
    invalid(['x'.repeat(64), 'came more than once']),
  ],
  ['bad percent-encoding', form('email=user@example.com&password=100%zz'), badForm],
  ['percent-encoding that is not UTF-8', form('email=user@example.com&password=%ff%fe%fd%fc'), badForm],
  [
    'JSON that is not UTF-8',
    post(Buffer.from('{"email":"user@example.com","password":"secure_\xffpassword"}', 'latin1')),
    refused(400, 'invalid_request', 'the body is not valid UTF-8'),
  ],
  [
    'a form that is not UTF-8',
    post(Buffer.from('email=user@example.com&password=secure_\xffpassword', 'latin1'), FORM_TYPE),
    refused(400, 'invalid_request', 'the body is not valid UTF-8'),
  ],
  [
    'another character set',
    post(JSON.stringify(credentials), { 'content-type': 'application/json; charset=utf-16' }),
    refused(415, 'unsupported_media_type', 'send the body in UTF-8'),
  ],
  [
    'a compressed body',
    post('x', { ...JSON_TYPE, 'content-encoding': 'gzip' }),
    refused(415, 'unsupported_media_type', 'send the body without Content-Encoding'),
  ],
  ['plain text', post(JSON.stringify(credentials), { 'content-type': 'text/plain' }), badType],
  ['a multipart form', post('--x--', { 'content-type': 'multipart/form-data; boundary=x' }), badType],
  ['a body of no type', post(JSON.stringify(credentials), {}), badType],
  ['a type that is none', post(JSON.stringify(credentials), { 'content-type': 'nonsense' }), badType],
  ['a body over 16 KiB', post(' '.repeat(16_385)), tooLarge],
];

describe('addBodyParsers refuses', () => {
  let test: TestServer;

  beforeAll(async () => {
    test = await createTestServer();
  });
  afterAll(() => test.close());

  it.each(cases)('%s', async (_what, request, expected) => {
    const response = await test.server.inject(request);
    expect(answer(response)).toEqual(expected);
    expect(response.headers['content-type']).toBe('application/json; charset=utf-8');
    expect(await test.auth.database.read('users')).toEqual([]);
  });
});

describe('addBodyParsers admits', () => {
  let test: TestServer;

  beforeAll(async () => {
    test = await createTestServer();
    await test.server.inject({ method: 'POST', url: '/users', ...encodings.json(credentials) });
  });
  afterAll(() => test.close());

  const logIn = async () => {
    const response = await test.server.inject({ method: 'POST', url: '/sessions', ...encodings.json(credentials) });
    return String(response.headers['set-cookie']).split(';', 1)[0] ?? '';
  };

  it.each(['application/json', 'application/json; charset=UTF-8', 'application/x-www-form-urlencoded'])(
    'a DELETE and a GET with the type %s and no body',
    async (type) => {
      const headers = { cookie: await logIn(), 'content-type': type };
      const profile = await test.server.inject({ url: '/profile', headers });
      const logOut = await test.server.inject({ method: 'DELETE', url: '/sessions', headers });
      expect(answer(profile)).toEqual({ status: 200, body: { email: 'user@example.com' } });
      expect(answer(logOut)).toEqual({ status: 200, body: { message: 'logged out' } });
    },
  );

  it.each([
    ['a byte-order mark', post(`\ufeff${JSON.stringify(credentials)}`, JSON_TYPE, '/sessions')],
    [
      'a duplicate key, of which the last counts',
      post('{"email":"x","email":"user@example.com","password":"secure_password"}', JSON_TYPE, '/sessions'),
    ],
    ['plus signs and raw UTF-8 in a form', form('email=user%40example.com&password=secure_password&', '/sessions')],
  ])('%s', async (_what, request) => {
    expect(answer(await test.server.inject(request))).toEqual({
      status: 200,
      body: { email: 'user@example.com', message: 'logged in' },
    });
  });

  it('a form password means what a JSON password means', async () => {
    const password = 'a + b & c = 100% schön \u{1f511}';
    const body = { email: 'form@example.com', password };
    await test.server.inject({ method: 'POST', url: '/users', ...encodings.form(body) });
    const raw = form('email=form@example.com&password=a+%2B+b+%26+c+=+100%25+schön+\u{1f511}', '/sessions');
    const viaJson = await test.server.inject({ method: 'POST', url: '/sessions', ...encodings.json(body) });
    expect([viaJson.statusCode, (await test.server.inject(raw)).statusCode]).toEqual([200, 200]);
  });
});
