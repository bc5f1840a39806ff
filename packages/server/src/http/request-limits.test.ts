import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type RawAnswer, sendRaw } from '../testing/raw-request.ts';
import { sendAhead } from '../testing/send-ahead.ts';
import { createTestServer, type TestServer } from '../testing/test-server.ts';

let test: TestServer;
let port: number;

beforeEach(async () => {
  test = await createTestServer();
  await test.server.listen({ host: '127.0.0.1', port: 0 });
  ({ port } = test.server.server.address() as AddressInfo);
});
afterEach(() => test.close());

const codeOf = ({ status, body }: RawAnswer) => [status, status === 200 ? 'ok' : JSON.parse(body).code];
/** `PORT` stands for the port that the server listens on. */
const ask = (head: string) => sendRaw(port, `${head.replaceAll('PORT', String(port))}\r\nConnection: close\r\n\r\n`);

describe('the size of the headers', () => {
  it('may be that of the cookies of many other programs on this machine', async () => {
    const cookies = Array.from({ length: 15 }, (_, index) => `program${index}=${'x'.repeat(1000)}`).join('; ');
    expect(codeOf(await ask(`GET /health HTTP/1.1\r\nHost: localhost:PORT\r\nCookie: ${cookies}`))).toEqual([
      200,
      'ok',
    ]);
  });

  it('may be a hundred headers', async () => {
    const others = '\r\nX: x'.repeat(98);
    expect(codeOf(await ask(`GET /health HTTP/1.1\r\nHost: localhost:PORT${others}`))).toEqual([200, 'ok']);
  });

  it.each([
    ['16 KiB', `X: ${'x'.repeat(16_384)}`],
    ['a hundred headers', 'X: x\r\n'.repeat(500).trim()],
  ])('is refused beyond %s, and nothing happens', async (_what, headers) => {
    expect(codeOf(await ask(`DELETE /sessions HTTP/1.1\r\nHost: localhost:PORT\r\n${headers}`))).toEqual([
      431,
      'headers_too_large',
    ]);
  });
});

describe('a body that is not read', () => {
  const body = 'x'.repeat(16_000_000);
  const length = `Content-Length: ${body.length}`;
  it.each([
    ['too large', 413, 'payload_too_large', `Content-Type: application/json\r\n${length}`, body],
    [
      'too large, and in chunks',
      413,
      'payload_too_large',
      'Content-Type: application/json\r\nTransfer-Encoding: chunked',
      `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`,
    ],
    ['of another type', 415, 'unsupported_media_type', `Content-Type: text/plain\r\n${length}`, body],
  ])('that is %s does not keep its answer from the client', async (_what, status, code, headers, sent) => {
    const head = `POST /sessions HTTP/1.1\r\nHost: localhost:${port}\r\nConnection: close\r\n${headers}\r\n\r\n`;
    expect(codeOf(await sendRaw(port, head + sent))).toEqual([status, code]);
  });
});

describe('requests sent ahead without end', () => {
  it.each([
    ['served', 'GET /health HTTP/1.1\r\nHost: localhost:PORT\r\n\r\n'],
    ['refused for their host', 'GET /health HTTP/1.1\r\nHost: evil.example\r\n\r\n'],
    ['refused for their path', 'GET /%zz HTTP/1.1\r\nHost: localhost:PORT\r\n\r\n'],
    ['refused for their expectation', 'GET / HTTP/1.1\r\nHost: localhost:PORT\r\nExpect: x\r\n\r\n'],
    ['without a route', 'HEAD /nothing HTTP/1.1\r\nHost: localhost:PORT\r\n\r\n'],
    [
      'with bodies',
      'POST /users HTTP/1.1\r\nHost: localhost:PORT\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}',
    ],
  ])('are answered once at most where they are %s', async (_what, request) => {
    const requests = request.replaceAll('PORT', String(port)).repeat(500);
    const received = await sendAhead({ port, host: '127.0.0.1' }, requests);
    expect(received.split('HTTP/1.1 ').length - 1).toBeLessThanOrEqual(1);
  });
});
