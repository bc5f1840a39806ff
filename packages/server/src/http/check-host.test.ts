import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type RawAnswer, sendRaw } from '../testing/raw-request.ts';
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

describe('the host without a public URL', () => {
  it.each([
    'LOCALHOST:8080',
    'localhost',
    'localhost:5173',
    '127.0.0.1:1',
    '127.8.0.1',
    '[::1]:3000',
    '0.0.0.0:PORT',
    '0.0.0.0:4100',
    '[::]:PORT',
  ])('is ours as %s', async (host) => {
    expect(codeOf(await ask(`GET /health HTTP/1.1\r\nHost: ${host}`))).toEqual([200, 'ok']);
  });

  it.each([
    'evil.example:PORT',
    'localhost.evil.example',
    'evil.localhost',
    '10.0.0.1:PORT',
    '0.0.0.0.evil.example:PORT',
    '0.0.0.1:PORT',
    'localhost:x',
    '',
  ])('is not ours as %s', async (host) => {
    expect(codeOf(await ask(`GET /profile HTTP/1.1\r\nHost: ${host}`))).toEqual([421, 'misdirected_request']);
  });
});
