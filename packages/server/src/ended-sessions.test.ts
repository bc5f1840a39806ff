import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sendRaw } from './testing/raw-request.ts';
import { JSON_TYPE, json } from './testing/requests.ts';
import { createTestControlServer, type TestControlServer } from './testing/test-control-server.ts';
import { createTestServer, type TestServer } from './testing/test-server.ts';

const ada = { email: 'ada@example.com', password: 'correct horse battery' };
const bob = { email: 'bob@example.com', password: 'staple after staple' };
const newPassword = 'another fine password';

/** The sessions of which some must be refused once something has ended them. */
interface Sessions {
  /** The one that sends the request, another one of the same user, and one of another user. */
  readonly own: string;
  readonly other: string;
  readonly theirs: string;
}

type Request = readonly [target: string, body?: object];

let test: TestServer;
let control: TestControlServer;
let port: number;
let sessions: Sessions;

beforeEach(async () => {
  test = await createTestServer();
  control = await createTestControlServer({}, test.auth);
  await test.server.listen({ host: '127.0.0.1', port: 0 });
  port = (test.server.server.address() as AddressInfo).port;
  for (const person of [ada, bob]) await call(['POST /users', person]);
  sessions = { own: await logIn(ada), other: await logIn(ada), theirs: await logIn(bob) };
  expect(await open()).toEqual(['own', 'other', 'theirs']);
});

afterEach(async () => {
  await control.close();
  await test.close();
});

async function call([target, body]: Request, cookie?: string) {
  const [method, url = ''] = target.split(' ');
  const headers = { host: `127.0.0.1:${port}`, ...(cookie && { cookie }), ...(body && JSON_TYPE) };
  return test.server.inject({ method: method as 'GET', url, headers, ...(body && { payload: JSON.stringify(body) }) });
}

async function logIn(person: { email: string; password: string }): Promise<string> {
  return String((await call(['POST /sessions', person])).headers['set-cookie']).split(';')[0] ?? '';
}

function bytes([target, body]: Request, cookie: string, connection = 'keep-alive'): string {
  const text = body === undefined ? '' : JSON.stringify(body);
  const head = [`${target} HTTP/1.1`, `Host: 127.0.0.1:${port}`, `Cookie: ${cookie}`, `Connection: ${connection}`];
  if (body) head.push('Content-Type: application/json', `Content-Length: ${Buffer.byteLength(text)}`);
  return `${head.join('\r\n')}\r\n\r\n${text}`;
}

async function open(): Promise<string[]> {
  const answers = Object.entries(sessions).map(async ([name, cookie]) => {
    const { status } = await sendRaw(port, bytes(['GET /profile'], cookie, 'close'));
    return status === 200 ? [name] : [];
  });
  return (await Promise.all(answers)).flat();
}

async function idOf(cookie: string): Promise<string> {
  const { sessions } = (await call(['GET /sessions'], cookie)).json<{ sessions: { id: string; current: boolean }[] }>();
  return sessions.find(({ current }) => current)?.id ?? '';
}

async function resetToken(): Promise<string> {
  return (await call(['POST /reset_password', { email: ada.email }])).json().reset_token;
}

describe('a session that ends over HTTP', () => {
  const ends: [what: string, request: () => Request | Promise<Request>, ended: keyof Sessions, left: string[]][] = [
    ['logging out', () => ['DELETE /sessions'], 'own', ['other', 'theirs']],
    ['ending it', async () => [`DELETE /sessions/${await idOf(sessions.own)}`], 'own', ['other', 'theirs']],
    ['ending another', async () => [`DELETE /sessions/${await idOf(sessions.other)}`], 'other', ['own', 'theirs']],
    ['ending the others', () => ['DELETE /sessions/others'], 'other', ['own', 'theirs']],
    [
      'changing the password',
      () => ['PUT /profile/password', { current_password: ada.password, new_password: newPassword }],
      'other',
      ['own', 'theirs'],
    ],
    ['deleting the account', () => ['DELETE /profile', { password: ada.password }], 'other', ['theirs']],
    [
      'resetting the password',
      async () => [
        'PUT /reset_password',
        { email: ada.email, reset_token: await resetToken(), new_password: newPassword },
      ],
      'own',
      ['theirs'],
    ],
  ];

  it.each(ends)('by %s is refused to what came behind it on the same connection', async (_what, make, ended, left) => {
    const request = await make();
    const queued = bytes(['GET /profile'], sessions[ended], 'close');
    const answers = await sendRaw(port, bytes(request, sessions.own) + queued);
    expect([answers.status, answers.rest.slice(0, 12)]).toEqual([200, 'HTTP/1.1 403']);
    expect(answers.rest).toContain('"code":"unauthenticated"');
    expect(await open()).toEqual(left);
  });
});

describe('a session that an operator ends', () => {
  const ends: [path: string, body: object | undefined, left: string[]][] = [
    ['/users/disable', { email: ada.email }, ['theirs']],
    ['/users/delete', { email: ada.email }, ['theirs']],
    ['/users/revoke', { email: ada.email }, ['theirs']],
    ['/sessions/revoke-all', undefined, []],
  ];

  it.each(ends)('by POST %s is refused on the next request', async (url, body, left) => {
    const response = await control.server.inject(body ? json(body, url) : { method: 'POST', url });
    expect(response.statusCode).toBe(200);
    expect(await open()).toEqual(left);
  });

  it('by making a reset token goes on, until the token is used', async () => {
    const { reset_token } = (await control.server.inject(json({ email: ada.email }, '/users/reset'))).json();
    expect(await open()).toEqual(['own', 'other', 'theirs']);
    const used = await call(['PUT /reset_password', { email: ada.email, reset_token, new_password: newPassword }]);
    expect(used.statusCode).toBe(200);
    expect(await open()).toEqual(['theirs']);
  });
});
