import { createServer } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createApiClient } from './api-client.ts';
import { startContractServer } from './testing/contract-server.ts';

const credentials = { email: 'ada@example.com', password: 'correct horse' };

async function startSilentServer(): Promise<string> {
  const server = createServer((socket) => socket.resume().on('error', () => undefined));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.close();
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return `http://127.0.0.1:${address.port}`;
}

describe('createApiClient', () => {
  it('walks through the contract', async () => {
    const server = await startContractServer();
    const client = createApiClient({ server: server.url });
    const { email } = credentials;
    expect(await client.register(credentials)).toEqual({ email });
    const session = await client.logIn(credentials);
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
    await expect(createApiClient({ server: server.url }).logIn(credentials)).rejects.toMatchObject({
      code: 'rate_limited',
      message: 'too many attempts',
      httpStatus: 429,
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
    await expect(createApiClient({ server: server.url }).register(credentials)).rejects.toMatchObject({
      status: 1,
      code: 'unexpected_response',
      why,
    });
  });

  it('follows no redirect', async () => {
    const other = await startContractServer();
    const server = await startContractServer();
    server.script('POST /sessions', { status: 307, headers: { location: `${other.url}/sessions` }, body: '' });
    await expect(createApiClient({ server: server.url }).logIn(credentials)).rejects.toMatchObject({
      status: 1,
      why: `It answered with a redirect to ${other.url}/sessions, and redirects are not followed.`,
    });
    expect(other.received).toEqual([]);
  });

  it('says why nobody answers', async () => {
    const server = await startContractServer();
    await server.close();
    await expect(createApiClient({ server: server.url }).register(credentials)).rejects.toMatchObject({
      status: 3,
      code: 'daemon_unreachable',
      message: `Can't reach authsvc at ${server.url} (connection refused)`,
    });
    expect(await createApiClient({ server: server.url }).isAlive()).toBe(false);
  });

  it('waits for an answer no longer than its limit', async () => {
    const server = await startSilentServer();
    const client = createApiClient({ server, limits: { connectMs: 1000, totalMs: 50 } });
    await expect(client.register(credentials)).rejects.toMatchObject({
      status: 3,
      message: `Can't reach authsvc at ${server} (no answer in time)`,
    });
  });

  it('tells of each exchange and of no secret', async () => {
    const server = await startContractServer();
    server.users.set(credentials.email, credentials.password);
    const lines: string[] = [];
    const client = createApiClient({ server: server.url, debug: (line) => lines.push(line) });
    await client.logIn(credentials);
    expect(lines).toEqual([`POST ${server.url}/sessions answered 200`]);
  });
});
