import { once } from 'node:events';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { beforeAll, describe, expect, it } from 'vitest';
import { findInFiles } from '../support/find-in-files.ts';
import { type SendOptions, send } from '../support/http-client.mjs';
import { shareDaemon } from '../support/journey.ts';

const email = 'intruder@example.com';
const password = 'correct horse battery';
const owner = { email: 'owner@example.com', password };
const json = { 'content-type': 'application/json' };
const form = { 'content-type': 'application/x-www-form-urlencoded' };

type Wrong = readonly [what: string, target: string, options: SendOptions, status: number, code: string];

/** Bodies of one endpoint that are wrong, no matter which fields it has. */
function wrongBodies(target: string, right: Readonly<Record<string, string>>): Wrong[] {
  const [first = ''] = Object.keys(right);
  const invalid = (what: string, options: SendOptions): Wrong => [what, target, options, 400, 'invalid_request'];
  const fieldwise = Object.keys(right).flatMap((name) => [
    invalid(`without ${name}`, { json: { ...right, [name]: undefined } }),
    invalid(`with an empty ${name}`, { json: { ...right, [name]: '' } }),
    invalid(`with a number for ${name}`, { json: { ...right, [name]: 12_345_678 } }),
    invalid(`with null for ${name}`, { json: { ...right, [name]: null } }),
    invalid(`with a list for ${name}`, { json: { ...right, [name]: [right[name]] } }),
    invalid(`with an object for ${name}`, { json: { ...right, [name]: { $ne: '' } } }),
    invalid(`with ${name} far too long`, { json: { ...right, [name]: 'x'.repeat(5000) } }),
  ]);
  const raw = JSON.stringify(right);
  const type = 'unsupported_media_type';
  const unsupported = (what: string, options: SendOptions): Wrong => [what, target, options, 415, type];
  const encoded = new URLSearchParams(right).toString();
  return [
    ...fieldwise,
    invalid('without a body', {}),
    invalid('with an empty JSON body', { raw: '', headers: json }),
    invalid('with JSON that ends early', { raw: raw.slice(0, -1), headers: json }),
    invalid('with a JSON string', { json: 'text' }),
    invalid('with a JSON list', { json: [right] }),
    invalid('with JSON null', { raw: 'null', headers: json }),
    invalid('with an unknown field', { json: { ...right, is_admin: true } }),
    invalid('with __proto__', { raw: `{"__proto__":{"x":1},${raw.slice(1)}`, headers: json }),
    invalid('with constructor', { json: { ...right, constructor: { prototype: {} } } }),
    invalid('with bytes that are not UTF-8', { raw: Buffer.from([0x22, 0xff, 0x22]), headers: json }),
    invalid('with a repeated form field', { raw: `${encoded}&${first}=again`, headers: form }),
    invalid('with a broken percent sign', { raw: `${encoded}&x=%zz`, headers: form }),
    invalid('with JSON sent as a form', { raw, headers: form }),
    unsupported('as text', { raw, headers: { 'content-type': 'text/plain' } }),
    unsupported('without a Content-Type', { raw }),
    unsupported('compressed', { json: right, headers: { 'content-encoding': 'gzip' } }),
    unsupported('in UTF-16', { raw, headers: { 'content-type': 'application/json; charset=utf-16' } }),
    ['with a body of a megabyte', target, { json: { ...right, x: 'x'.repeat(1_000_000) } }, 413, 'payload_too_large'],
  ];
}

const wrongEmails = [
  'intruder',
  '@example.com',
  'intruder@',
  'intruder@@example.com',
  'intruder@example..com',
  'intruder@-example.com',
  'intruder @example.com',
  'intruder@127.0.0.1',
  'intruder@[127.0.0.1]',
  '"intruder"@example.com',
  'intruder@example.com\r\nBcc: other@example.com',
  'intruder\u0000@example.com',
  `${'x'.repeat(65)}@example.com`,
  `intruder@${'x'.repeat(250)}.com`,
  "intruder' OR 1=1--",
].map((wrong): Wrong => {
  const what = `${JSON.stringify(wrong).slice(0, 60)} as email`;
  return [what, 'POST /users', { json: { email: wrong, password } }, 400, 'invalid_request'];
});

const wrongPasswords = Object.entries({
  short: 'shorter',
  'too long': 'long'.repeat(65),
  'the email': email,
  'the local part of the email': 'intruder',
  'among the most common': 'password123',
  'half a character': 'lone surrogate \ud800',
}).map(([what, wrong]): Wrong => {
  const json = { email, password: wrong };
  return [`a password that is ${what}`, 'POST /users', { json }, 400, 'password_rejected'];
});

const wrongRequests: readonly Wrong[] = [
  ...wrongBodies('POST /users', { email, password }),
  ...wrongBodies('POST /sessions', { email, password }),
  ...wrongBodies('POST /reset_password', { email }),
  ...wrongBodies('PUT /reset_password', {
    email,
    reset_token: 'a4d19e2f-88f1-4bc4-89f7-7d39b98a3d44',
    new_password: password,
  }),
  ...wrongEmails,
  ...wrongPasswords,
  ['SQL for a password', 'POST /sessions', { json: { email, password: "' OR 1=1--" } }, 401, 'invalid_credentials'],
  [
    'SQL for a reset token',
    'PUT /reset_password',
    { json: { email, reset_token: "' OR 1=1--", new_password: password } },
    403,
    'invalid_reset_token',
  ],
  ['SQL for a session', 'GET /profile', { headers: { cookie: "session_id=' OR 1=1--" } }, 403, 'unauthenticated'],
  ['a cookie of 4 KiB', 'GET /profile', { session: 'x'.repeat(4096) }, 403, 'unauthenticated'],
  ['a broken cookie', 'GET /profile', { headers: { cookie: '=;;session_id;%zz=%zz' } }, 403, 'unauthenticated'],
  ['an unknown path', 'GET /users/1', {}, 404, 'not_found'],
  ['a path that climbs', 'GET /../../etc/passwd', {}, 404, 'not_found'],
  ['a broken path', 'GET /%zz', {}, 400, 'invalid_request'],
  ['an unknown method', 'PATCH /profile', {}, 405, 'method_not_allowed'],
  ['a method of another path', 'GET /users', {}, 405, 'method_not_allowed'],
  ["another server's name", 'GET /profile', { headers: { host: 'example.com' } }, 421, 'misdirected_request'],
  [
    'a page of another site',
    'POST /users',
    { json: { email, password }, headers: { origin: 'https://example.com' } },
    403,
    'cross_origin',
  ],
];

const shared = shareDaemon();
let session: string | undefined;

beforeAll(async () => {
  await send(shared.daemon.url, 'POST /users', { json: owner });
  session = (await send(shared.daemon.url, 'POST /sessions', { json: owner })).session;
});

describe('a wrong request', () => {
  it.each(wrongRequests)('%s (%s) is refused', async (_, target, options, status, code) => {
    const answer = await send(shared.daemon.url, target, options);
    expect([answer.status, answer.body]).toEqual([
      status,
      { code, message: expect.stringMatching(/\S/), ...fieldErrors(answer.body) },
    ]);
    expect(answer.headers['content-type']).toBe('application/json; charset=utf-8');
    if (status === 405) expect(answer.headers.allow).toMatch(/^[A-Z]+(, [A-Z]+)*$/);
  });

  it.each([
    ['no HTTP at all', 'hello\r\n\r\n'],
    ['no Host', 'GET /profile HTTP/1.1\r\n\r\n'],
    ['two Hosts', 'GET /profile HTTP/1.1\r\nHost: HOST\r\nHost: example.com\r\n\r\n'],
    ['two lengths', 'POST /users HTTP/1.1\r\nHost: HOST\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}'],
    [
      'a length and chunks',
      'POST /users HTTP/1.1\r\nHost: HOST\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    ],
    ['headers of 20 KiB', `GET /profile HTTP/1.1\r\nHost: HOST\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`],
  ])('of %s is refused, and its connection closed', async (_, bytes) => {
    const { hostname, port, host } = new URL(shared.daemon.url);
    const socket = connect(Number(port), hostname);
    await once(socket, 'connect');
    socket.write(bytes.replaceAll('HOST', host));
    const answer = await text(socket);
    expect(answer).toMatch(/^HTTP\/1\.1 4\d\d /);
    expect(JSON.parse(answer.slice(answer.indexOf('\r\n\r\n')))).toEqual({
      code: expect.stringMatching(/^[a-z_]+$/),
      message: expect.stringMatching(/\S/),
    });
  });

  it('leaves no trace in the database, and no mark on the daemon', async () => {
    const found = await findInFiles([shared.daemon.dataFolder], { intruder: 'intruder@', owner: 'owner@' });
    expect(found).toEqual({ intruder: [], owner: [expect.any(String)] });
    expect((await send(shared.daemon.url, 'GET /profile', { session })).status).toBe(200);
    expect((await send(shared.daemon.url, 'POST /sessions', { json: owner })).status).toBe(200);
    expect(shared.daemon.stderr()).not.toMatch(/"level":"(error|fatal)"/);
  });
});

/** The list of fields is there for some refusals only; where it is, it has this shape. */
function fieldErrors(body: unknown): { errors?: unknown } {
  if (typeof body !== 'object' || body === null || !('errors' in body)) return {};
  expect(body.errors).toEqual(
    expect.arrayContaining([{ field: expect.stringMatching(/\S/), message: expect.stringMatching(/\S/) }]),
  );
  return { errors: body.errors };
}
