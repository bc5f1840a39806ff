import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type RawAnswer, sendRaw } from '../testing/raw-request.ts';
import { createTestServer, type TestServer } from '../testing/test-server.ts';
import { requestRulesFor } from './request-rules.ts';

const publicUrl = new URL('https://auth.example.com');

let test: TestServer;
let port: number;

async function listen(exposure: Parameters<typeof createTestServer>[2] = {}): Promise<void> {
  test = await createTestServer({}, {}, exposure);
  await test.server.listen({ host: '127.0.0.1', port: 0 });
  ({ port } = test.server.server.address() as AddressInfo);
}
afterEach(() => test.close());

const codeOf = ({ status, body }: RawAnswer) => [status, status === 200 ? 'ok' : JSON.parse(body).code];
/** `PORT` stands for the port that the server listens on. */
const send = (text: string) => sendRaw(port, text.replaceAll('PORT', String(port)));
const ask = (head: string) => send(`${head}\r\nConnection: close\r\n\r\n`);

describe('the host', () => {
  beforeEach(() => listen({ publicUrl }));

  it.each([
    '127.0.0.1:PORT',
    'localhost:PORT',
    'LOCALHOST:PORT',
    '[::1]:PORT',
    '127.8.0.1:PORT',
    'auth.example.com',
    'auth.example.com:443',
    'Auth.Example.COM',
  ])('is ours as %s', async (host) => {
    expect(codeOf(await ask(`GET /health HTTP/1.1\r\nHost: ${host}`))).toEqual([200, 'ok']);
    expect(codeOf(await ask(`GET http://${host}/health HTTP/1.1\r\nHost: ${host}`))).toEqual([200, 'ok']);
  });

  it.each([
    'evil.example:PORT',
    'localhost',
    'localhost:1',
    '127.0.0.1',
    'localhost.evil.example:PORT',
    'evil.localhost:PORT',
    '127.0.0.1.evil.example:PORT',
    '0.0.0.0:PORT',
    '10.0.0.1:PORT',
    'auth.example.com:80',
    'auth.example.com:PORT',
    'auth.example.com.:443',
    'auth.example.com@evil.example',
    'user@localhost:PORT',
    'localhost:PORT, evil.example',
    '',
  ])('is not ours as %s, whatever is asked for', async (host) => {
    const misdirected = [421, 'misdirected_request'];
    for (const target of ['GET /profile', 'POST /users', 'GET /nothing', 'GET /%zz', 'OPTIONS *']) {
      expect(codeOf(await ask(`${target} HTTP/1.1\r\nHost: ${host}`))).toEqual(misdirected);
    }
    // A whole URL is for the host in it.
    expect(
      codeOf(await ask(`GET http://${host.replace(', ', ',') || 'x'}/health HTTP/1.1\r\nHost: localhost:PORT`)),
    ).toEqual(misdirected);
    expect(test.auth.events).toEqual([]);
  });

  it.each([
    ['is missing', 'GET /health HTTP/1.1'],
    ['is missing from HTTP/1.0', 'GET /health HTTP/1.0'],
    ['comes twice', 'GET /health HTTP/1.1\r\nHost: localhost:PORT\r\nHost: evil.example'],
    ['comes twice in another order', 'GET /health HTTP/1.1\r\nhost: localhost:PORT\r\nHOST: localhost:PORT'],
  ])('makes a bad request when it %s', async (_when, head) => {
    expect(codeOf(await ask(head))).toEqual([400, 'invalid_request']);
  });
});

describe('the host without a public URL', () => {
  it.each(['localhost:1', 'LOCALHOST:5173', '127.8.0.1', '[::1]:3000', '0.0.0.0:PORT'])('may be %s', async (host) => {
    await listen();
    expect(codeOf(await ask(`GET /health HTTP/1.1\r\nHost: ${host}`))).toEqual([200, 'ok']);
    expect(codeOf(await ask(`GET /profile HTTP/1.1\r\nHost: ${host}`))).toEqual([403, 'unauthenticated']);
  });

  it.each(['evil.example:PORT', 'authsvc:PORT', '10.0.0.1:PORT', '[::2]:PORT', '0.0.0.1:PORT'])(
    'may not be %s',
    async (host) => {
      await listen();
      expect(codeOf(await ask(`GET /profile HTTP/1.1\r\nHost: ${host}`))).toEqual([421, 'misdirected_request']);
    },
  );
});

describe('the allowed hosts', () => {
  beforeEach(() => listen({ publicUrl, allowedHosts: ['authsvc', 'auth.internal'] }));

  it.each(['authsvc', 'authsvc:8080', 'AuthSvc:1', 'auth.internal:443'])('are served, as %s', async (host) => {
    expect(codeOf(await ask(`GET /profile HTTP/1.1\r\nHost: ${host}`))).toEqual([403, 'unauthenticated']);
  });

  it.each(['authsvc.evil.example', 'xauthsvc', 'authsvc:', 'authsvc:x', 'user@authsvc', 'authsvc/'])(
    'are not %s',
    async (host) => {
      expect(codeOf(await ask(`GET /profile HTTP/1.1\r\nHost: ${host}`))).toEqual([421, 'misdirected_request']);
    },
  );

  it.each(['/health', '/ready'])('do not matter to %s, which a probe asks for', async (path) => {
    expect(codeOf(await ask(`GET ${path} HTTP/1.1\r\nHost: 10.1.2.3:4100`))).toEqual([200, 'ok']);
  });
});

describe('the headers of every answer', () => {
  const requests: [what: string, head: string, status: number][] = [
    ['a page', 'GET / HTTP/1.1\r\nHost: localhost:PORT', 200],
    ['a refusal', 'GET /profile HTTP/1.1\r\nHost: localhost:PORT', 403],
    ['an unknown path', 'GET /nothing HTTP/1.1\r\nHost: localhost:PORT', 404],
    ['a wrong method', 'PATCH /users HTTP/1.1\r\nHost: localhost:PORT', 405],
    ['a path that cannot be read', 'GET /%zz HTTP/1.1\r\nHost: localhost:PORT', 400],
    ['another host', 'GET / HTTP/1.1\r\nHost: evil.example', 421],
    ['no host', 'GET / HTTP/1.1', 400],
    ['another origin', 'POST /users HTTP/1.1\r\nHost: localhost:PORT\r\nOrigin: null', 403],
    [
      'another media type',
      'POST /users HTTP/1.1\r\nHost: localhost:PORT\r\nContent-Type: text/plain\r\nContent-Length: 0',
      415,
    ],
    [
      'a body that is too large',
      'POST /users HTTP/1.1\r\nHost: localhost:PORT\r\nContent-Type: application/json\r\nContent-Length: 16385',
      413,
    ],
    ['what is not HTTP', 'HELLO', 400],
    ['headers that are too large', `GET / HTTP/1.1\r\nHost: localhost:PORT\r\nX: ${'x'.repeat(16_384)}`, 431],
    ['too many headers', `GET / HTTP/1.1\r\nHost: localhost:PORT${'\r\nX: x'.repeat(99)}`, 431],
    ['an expectation', 'POST /users HTTP/1.1\r\nHost: localhost:PORT\r\nExpect: a miracle', 400],
  ];

  it.each(requests)('are there for %s', async (_what, head, status) => {
    await listen();
    const answer = await ask(head);
    expect(answer.status).toBe(status);
    expect(answer.headers).toMatchObject({
      ...requestRulesFor({}).headers,
      'content-type': 'application/json; charset=utf-8',
    });
    expect(answer.headers).not.toHaveProperty('server');
    expect(answer.headers).not.toHaveProperty('x-powered-by');
    expect(answer.headers).not.toHaveProperty('strict-transport-security');
  });

  it.each(requests)('keep to https for %s where the public URL does', async (_what, head, status) => {
    await listen({ publicUrl });
    const answer = await ask(head);
    expect([answer.status, answer.headers['strict-transport-security']]).toEqual([status, 'max-age=31536000']);
  });
});

describe('the framing of a request', () => {
  beforeEach(() => listen());

  const host = 'Host: localhost:PORT\r\nContent-Type: application/json';
  const smuggled = 'GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n';
  it.each([
    ['a length and chunks', `${host}\r\nContent-Length: 4\r\nTransfer-Encoding: chunked`],
    ['chunks and a length', `${host}\r\nTransfer-Encoding: chunked\r\nContent-Length: 4`],
    ['two lengths', `${host}\r\nContent-Length: 4\r\nContent-Length: 5`],
    ['the same length twice', `${host}\r\nContent-Length: 4\r\nContent-Length: 4`],
    ['a list of lengths', `${host}\r\nContent-Length: 4, 4`],
    ['a signed length', `${host}\r\nContent-Length: +4`],
    ['a negative length', `${host}\r\nContent-Length: -4`],
    ['a length in another base', `${host}\r\nContent-Length: 0x4`],
    ['a length past all numbers', `${host}\r\nContent-Length: 99999999999999999999`],
    ['an encoding that does not end in chunks', `${host}\r\nTransfer-Encoding: chunked, identity`],
    ['an unknown encoding', `${host}\r\nTransfer-Encoding: xchunked`],
    ['chunks twice', `${host}\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: identity`],
    ['a space before the colon', `${host}\r\nContent-Length : 4`],
    ['a folded header', `${host}\r\nX-Folded: a\r\n b\r\nTransfer-Encoding:\r\n chunked`],
    ['a bare line feed', `${host}\r\nX: a\nContent-Length: 4`],
    ['a NUL', `${host}\r\nX: \0`],
    ['a bad size of a chunk', `${host}\r\nTransfer-Encoding: chunked`],
  ])('is refused with %s, and the connection closed', async (_what, headers) => {
    const answer = await send(`POST /users HTTP/1.1\r\n${headers}\r\n\r\nzz\r\n\r\n${smuggled}`);
    expect(codeOf(answer)).toEqual([400, 'invalid_request']);
    expect(answer.headers.connection).toBe('close');
    expect(answer.rest).toBe('');
  });
});
