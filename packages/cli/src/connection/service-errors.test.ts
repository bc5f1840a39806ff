import { readFileSync } from 'node:fs';
import { createServer as createSecureServer } from 'node:https';
import { createServer, type Server, type Socket } from 'node:net';
import { type ApiClient, type ApiClientOptions, ApiRefusal, createApiClient, type NewSession } from '@authsvc/client';
import { describe, expect, it, onTestFinished } from 'vitest';
import { makeCertificate } from '../../../../test/certificate.ts';
import type { CliError } from '../errors.ts';
import { startContractServer } from '../testing/contract-server.ts';
import { createTestMachine } from '../testing/test-machine.ts';
import { createTransport, toServiceError } from './service-errors.ts';

const credentials = { email: 'ada@example.com', password: 'correct horse' };

/** A client whose failures are those that a command ends with. */
function createClient(options: Omit<ApiClientOptions, 'transport'>): ApiClient {
  const client = createApiClient({
    ...options,
    transport: createTransport({ env: { HOME: '/nowhere' }, platform: 'linux' }),
  });
  const calls = Object.entries(client).map(([name, call]) => [
    name,
    (...args: never[]) =>
      Promise.resolve(call(...args)).catch((error: unknown) => {
        throw error instanceof ApiRefusal ? error : (toServiceError(error) ?? error);
      }),
  ]);
  return Object.fromEntries(calls);
}

async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.close();
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return `http://127.0.0.1:${address.port}`;
}

function startSilentServer(): Promise<string> {
  return listen(createServer((socket) => socket.resume().on('error', () => undefined)));
}

describe('createApiClient', () => {
  it('walks through the contract', async () => {
    const server = await startContractServer();
    const client = createClient({ server: server.url });
    const { email } = credentials;
    expect(await client.register(credentials)).toEqual({ email });
    const session = (await client.logIn(credentials)) as NewSession;
    expect(session).toEqual({
      email,
      token: 'session-1-of-ada-example.com',
      cookie: 'session_id',
      lifetimeSeconds: 2_592_000,
    });
    expect(await client.profile(session)).toEqual({ email });
    await client.logOut(session);
    const { resetToken = '' } = await client.requestReset(email);
    expect(await client.resetPassword({ email, resetToken, newPassword: 'staple battery' })).toEqual({ email });
    expect(server.received.map(({ target, body }) => [target, body])).toEqual([
      ['POST /users', credentials],
      ['POST /sessions', credentials],
      ['GET /profile', undefined],
      ['DELETE /sessions', undefined],
      ['POST /reset_password', { email }],
      ['PUT /reset_password', { email, reset_token: resetToken, new_password: 'staple battery' }],
    ]);
    expect(server.received[2]?.headers).toMatchObject({ cookie: 'session_id=session-1-of-ada-example.com' });
  });

  it('passes a refusal on, with the time to wait', async () => {
    const server = await startContractServer();
    server.script('POST /sessions', {
      status: 429,
      headers: { 'retry-after': '42' },
      body: { code: 'rate_limited', message: 'too many attempts' },
    });
    await expect(createClient({ server: server.url }).logIn(credentials)).rejects.toMatchObject({
      code: 'rate_limited',
      message: 'too many attempts',
      statusCode: 429,
      retryAfterSeconds: 42,
    });
  });

  it.each([
    ['a page', { status: 200, body: '<html>' }, 'It answered 200 with something else than JSON.'],
    ['a bare text', { status: 200, body: '"text"' }, 'It answered 200 with something else than JSON.'],
    ['an error without words', { status: 500, body: {} }, 'It answered 500 without saying why.'],
    ['a body without the email', { status: 200, body: { message: 'hello' } }, 'It answered without the field email.'],
    [
      'an email that would move the cursor',
      { status: 200, body: { email: '\u001b[2J' } },
      'It answered with control characters in the field email.',
    ],
  ])('does not take %s for an answer of authsvc', async (_what, answer, why) => {
    const server = await startContractServer();
    server.script('POST /users', answer);
    await expect(createClient({ server: server.url }).register(credentials)).rejects.toMatchObject({
      status: 1,
      code: 'unexpected_response',
      why,
    });
  });

  it('follows no redirect', async () => {
    const other = await startContractServer();
    const server = await startContractServer();
    server.script('POST /sessions', { status: 307, headers: { location: `${other.url}/sessions` }, body: '' });
    await expect(createClient({ server: server.url }).logIn(credentials)).rejects.toMatchObject({
      status: 1,
      why: `It answered with a redirect to ${other.url}/sessions, and redirects are not followed.`,
    });
    expect(other.received).toEqual([]);
  });

  it('says why there is no response', async () => {
    const server = await startContractServer();
    await server.close();
    await expect(createClient({ server: server.url }).register(credentials)).rejects.toMatchObject({
      status: 3,
      code: 'daemon_unreachable',
      message: `Can't reach authsvc at ${server.url} (connection refused)`,
    });
    expect(await createClient({ server: server.url }).isAlive()).toBe(false);
  });

  it('says that there is no TLS where plain http is served', async () => {
    const server = await startContractServer();
    const https = server.url.replace('http:', 'https:');
    await expect(createClient({ server: https }).register(credentials)).rejects.toMatchObject({
      status: 3,
      code: 'daemon_unreachable',
      message: `Can't reach authsvc at ${https} (no TLS there)`,
      next: { say: `Use ${server.url}` },
    });
    expect(server.received).toEqual([]);
  });

  it('says that TLS is spoken where plain http was asked for', async () => {
    const { certFile, keyFile } = makeCertificate(createTestMachine().home);
    const secure = createSecureServer({ cert: readFileSync(certFile), key: readFileSync(keyFile) });
    const url = await listen(secure);
    await expect(createClient({ server: url }).register(credentials)).rejects.toMatchObject({
      status: 3,
      message: `Can't reach authsvc at ${url} (it speaks TLS there)`,
      next: { say: `Use ${url.replace('http:', 'https:')}` },
    });
  });

  it.each([
    ['speaks first, and no HTTP', (socket: Socket) => socket.end('220 mail.example.com ESMTP\r\n'), 'no HTTP there'],
    ['hangs up', (socket: Socket) => socket.destroy(), 'connection closed'],
  ])('starts no daemon where another program %s', async (_what, greet, reason) => {
    const url = await listen(createServer((socket) => greet(socket.on('error', () => undefined))));
    const error = await createClient({ server: url })
      .register(credentials)
      .catch((caught: unknown) => caught);
    expect(error).toMatchObject({ status: 3, message: `Can't reach authsvc at ${url} (${reason})` });
    expect((error as CliError).next?.command).not.toBe('authsvc daemon start');
  });

  it('waits for an answer no longer than its limit', async () => {
    const server = await startSilentServer();
    const client = createClient({ server, limits: { connectMs: 1000, totalMs: 50 } });
    await expect(client.register(credentials)).rejects.toMatchObject({
      status: 3,
      message: `Can't reach authsvc at ${server} (no answer in time)`,
    });
  });

  it('tells of each exchange and of no secret', async () => {
    const server = await startContractServer();
    server.users.set(credentials.email, credentials.password);
    const lines: string[] = [];
    const client = createClient({ server: server.url, debug: (line) => lines.push(line) });
    await client.logIn(credentials);
    expect(lines).toEqual([`POST ${server.url}/sessions answered 200`]);
  });
});
