import type { ServerResponse } from 'node:http';
import { type Authsvc, type AuthsvcOptions, createAuthsvc } from '@authsvc/client';
import { createTestUser, type TestUser } from '@authsvc/client/testing';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { freePort } from '../../test/free-port.mjs';
import { type Daemon, startDaemon } from '../support/daemon.ts';
import { type LocalServer, serveLocally } from '../support/local-server.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';
import { asking, guarded, type StartApplication, type Visit } from './applications.ts';

const publicUrl = 'http://localhost:8080/auth';
const pageLoad = { 'sec-fetch-mode': 'navigate', accept: 'text/html' };
const oldPageLoad = { accept: 'text/html,application/xhtml+xml' };
const fetched = { 'sec-fetch-mode': 'cors', accept: '*/*' };
const staleCookie = `session_id=${'x'.repeat(43)}`;

const loginPage = 'http://localhost:8080/auth/login?return_to=http%3A%2F%2Flocalhost%3A8080%2Fapp%2Fme%3Ftab%3D1';
const sentToLogIn = { status: 302, location: loginPage };
const sentFromForm = {
  status: 303,
  location: 'http://localhost:8080/auth/login?return_to=http%3A%2F%2Flocalhost%3A8080%2F',
  cacheControl: 'no-store',
};
const refused = { status: 401, location: undefined, body: expect.objectContaining({ code: 'unauthenticated' }) };
const unavailable = {
  status: 503,
  location: undefined,
  retryAfter: '5',
  body: expect.objectContaining({ code: 'unavailable' }),
};
const unavailablePage = {
  status: 503,
  location: undefined,
  retryAfter: '5',
  cacheControl: 'no-store',
  type: 'text/html; charset=utf-8',
  body: expect.stringMatching(/^<!doctype html>.*<h1>Try again soon<\/h1>/s),
};
const unknown = { status: 200, body: { id: null } };

let folder: TemporaryFolder;
let daemon: Daemon;
let ada: TestUser;
/** A program at the service's address that answers as the test says. */
let stub: LocalServer;
let answerOfStub: (response: ServerResponse) => void;

beforeAll(async () => {
  folder = await makeTemporaryFolder();
  daemon = await startDaemon({ home: folder.path, settings: { AUTHSVC_PUBLIC_URL: publicUrl } });
  stub = await serveLocally((_request, response) => answerOfStub(response));
  ada = await createTestUser({ url: daemon.url });
});
afterAll(async () => {
  await stub?.stop();
  await daemon?.stop();
  await folder.remove();
});

function connect(options: Partial<AuthsvcOptions> = {}): Authsvc {
  return createAuthsvc({ url: daemon.url, publicUrl, onUnavailable: () => undefined, ...options });
}

/** With a shorter limit than by default, since each application asks a service that is slow. */
function connectToStub(): Authsvc {
  return connect({ url: stub.url, timeoutMs: 400 });
}

async function visit(start: StartApplication, authsvc: Authsvc, asked: Visit) {
  const application = await start(authsvc);
  onTestFinished(application.stop);
  return application.visit(asked);
}

type Answer = readonly [what: string, answer: (response: ServerResponse) => void];

const identity = () => JSON.stringify({ user: ada.user, session: ada.session, token: null });
const nonsense: readonly Answer[] = [
  ['a page', (response) => response.writeHead(200, { 'content-type': 'text/html' }).end('<html>')],
  ['an empty object', (response) => response.writeHead(200).end('{}')],
  ['a user without an id', (response) => response.end('{"user":{"email":"a@b.example","role":"user"},"session":{}}')],
  ['an id that is no text', (response) => response.end('{"user":{"id":1,"email":"a","role":"user"},"session":{}}')],
  ['a user without a session', (response) => response.end(JSON.stringify({ user: ada.user, session: null }))],
  ['a list', (response) => response.writeHead(200).end('[]')],
  ['null', (response) => response.writeHead(200).end('null')],
  ['nothing', (response) => response.writeHead(204).end()],
  ['a redirect to itself', (response) => response.writeHead(302, { location: `${daemon.url}/whoami` }).end()],
  ['a 401 of another program', (response) => response.writeHead(401).end('Unauthorized')],
  ['a 401 with another code', (response) => response.writeHead(401).end('{"code":"no_api_key","message":"no"}')],
  ['a 200 under another status', (response) => response.writeHead(500).end(identity())],
  [
    'its database being away',
    (response) => response.writeHead(503).end('{"code":"database_unavailable","message":"no"}'),
  ],
  [
    'half an answer',
    (response) => response.writeHead(200, { 'content-length': '100' }).write('{', () => response.destroy()),
  ],
  ['a giant', (response) => response.writeHead(200).end(`{"user":"${'x'.repeat(2 ** 21)}"}`)],
  ['one that never ends', (response) => response.writeHead(200).write('{')],
];

describe.each(Object.entries(guarded))('requireUser of %s', (_name, start) => {
  it.each([
    ['sends a page load without a session to the login page', pageLoad, sentToLogIn],
    ['sends a page load of an older browser there', oldPageLoad, sentToLogIn],
    ['sends one with a stale cookie there', { ...pageLoad, cookie: staleCookie }, sentToLogIn],
    ['refuses a fetch without a session', fetched, refused],
    ['refuses a fetch with a stale cookie', { ...fetched, cookie: staleCookie }, refused],
    ['refuses a client that says nothing', {}, refused],
  ])('%s', async (_what, headers, answer) => {
    expect(await visit(start, connect(), { headers })).toMatchObject(answer);
  });

  it.each([
    ['sends the form of a person to the login page', 'POST', pageLoad, sentFromForm],
    ['sends one of an older browser there', 'POST', oldPageLoad, sentFromForm],
    ['sends one with a stale cookie there', 'POST', { ...pageLoad, cookie: staleCookie }, sentFromForm],
    ['refuses a POST by fetch', 'POST', fetched, refused],
    ['refuses a POST by fetch for a page', 'POST', { ...oldPageLoad, 'sec-fetch-mode': 'cors' }, refused],
    ['refuses a POST of a client that says nothing', 'POST', {}, refused],
    ['refuses a DELETE by fetch', 'DELETE', fetched, refused],
    ['answers HEAD as GET', 'HEAD', pageLoad, sentToLogIn],
  ])('%s', async (_what, method, headers, answer) => {
    expect(await visit(start, connect(), { method, headers })).toMatchObject(answer);
  });

  it.each([
    ['a page load', 'GET', pageLoad, unavailablePage],
    ['a page load of an older browser', 'GET', oldPageLoad, unavailablePage],
    ['the form of a person', 'POST', pageLoad, unavailablePage],
    ['a fetch', 'GET', fetched, unavailable],
    ['a POST by fetch', 'POST', fetched, unavailable],
    ['a client that says nothing', 'GET', {}, unavailable],
  ])('answers %s while the service is away with what its sender can read', async (_what, method, headers, answer) => {
    const authsvc = connect({ url: `http://127.0.0.1:${await freePort()}` });
    const answered = await visit(start, authsvc, { method, headers: { ...headers, cookie: ada.cookie } });
    expect(answered).toMatchObject(answer);
    expect(JSON.stringify(answered)).not.toMatch(/127\.0\.0\.1|<script/);
  });

  it('lets a user in', async () => {
    const headers = { ...pageLoad, cookie: `other=1; ${ada.cookie}` };
    expect(await visit(start, connect(), { headers })).toMatchObject({ status: 200, body: { id: ada.user.id } });
  });

  it('knows a user by the valid one of two cookies', async () => {
    const headers = { ...fetched, cookie: `${staleCookie}; ${ada.cookie}` };
    expect(await visit(start, connect(), { headers })).toMatchObject({ status: 200, body: { id: ada.user.id } });
  });

  it('lets no user in while the service is away, and says when to try again', async () => {
    const reasons: string[] = [];
    const onUnavailable = ({ message }: Error) => reasons.push(message);
    const authsvc = connect({ url: `http://127.0.0.1:${await freePort()}`, onUnavailable });
    expect(await visit(start, authsvc, { headers: { ...fetched, cookie: ada.cookie } })).toMatchObject(unavailable);
    expect(reasons).toEqual([expect.stringContaining('connection refused')]);
  });

  it('lets no user in while the service is slow', async () => {
    answerOfStub = () => undefined;
    const headers = { ...fetched, cookie: ada.cookie };
    expect(await visit(start, connectToStub(), { headers })).toMatchObject(unavailable);
  });

  it.each(nonsense)('lets no user in where the service answers with %s', async (_what, answer) => {
    answerOfStub = answer;
    const headers = { ...fetched, cookie: ada.cookie };
    expect(await visit(start, connectToStub(), { headers })).toMatchObject(unavailable);
  });
});

describe.each(Object.entries(asking))('whoami of %s', (_name, start) => {
  it.each([
    ['a page load without a cookie', pageLoad],
    ['a fetch without a cookie', fetched],
    ['the cookies of others', { cookie: 'session=1; my_session_id=2; Session_id=3' }],
    ['a stale cookie', { ...pageLoad, cookie: staleCookie }],
    ['a cookie that is no token', { ...pageLoad, cookie: 'session_id="; session_id=' }],
  ])('knows no user by %s', async (_what, headers) => {
    expect(await visit(start, connect(), { headers })).toMatchObject(unknown);
  });

  it.each([
    ['a page load', pageLoad, () => ada.cookie],
    ['a link on another site', { ...pageLoad, 'sec-fetch-site': 'cross-site' }, () => ada.cookie],
    ['a fetch', fetched, () => ada.cookie],
    ['the valid one of two cookies', fetched, () => `${staleCookie}; ${ada.cookie}`],
  ])('knows a user by %s', async (_what, headers, cookie) => {
    const answer = await visit(start, connect(), { headers: { ...headers, cookie: cookie() } });
    expect(answer).toMatchObject({ status: 200, body: { id: ada.user.id } });
  });

  it('throws while the service is away', async () => {
    const authsvc = connect({ url: `http://127.0.0.1:${await freePort()}` });
    const answer = await visit(start, authsvc, { headers: { cookie: ada.cookie } });
    expect(answer).toMatchObject({ status: 503, body: { name: 'UnreachableError' } });
  });

  it('throws while the service is slow', async () => {
    answerOfStub = () => undefined;
    const answer = await visit(start, connectToStub(), { headers: { cookie: ada.cookie } });
    expect(answer).toMatchObject({ status: 503, body: { name: 'UnreachableError' } });
  });

  it.each(nonsense)('throws where the service answers with %s', async (_what, answer) => {
    answerOfStub = answer;
    const { status, body } = await visit(start, connectToStub(), { headers: { cookie: ada.cookie } });
    expect(status).toBeGreaterThanOrEqual(400);
    expect(body).toEqual({ name: expect.stringMatching(/^(ApiRefusal|UnexpectedAnswerError|UnreachableError)$/) });
  });
});

describe('a restart of the service', () => {
  it('lets no user in meanwhile, and the user again from the first request on', async () => {
    const settings = { AUTHSVC_DATA_DIR: `${folder.path}/restarted`, AUTHSVC_PUBLIC_URL: publicUrl };
    const before = await startDaemon({ home: folder.path, settings });
    const bob = await createTestUser({ url: before.url });
    const authsvc = connect({ url: before.url, timeoutMs: 30_000 });
    const starts = [...Object.values(guarded), ...Object.values(asking)];
    const applications = await Promise.all(starts.map((start) => start(authsvc)));
    onTestFinished(async () => {
      await Promise.all(applications.map(({ stop }) => stop()));
    });
    const visitEach = () =>
      Promise.all(applications.map((application) => application.visit({ headers: { cookie: bob.cookie } })));
    const letIn = applications.map(() => expect.objectContaining({ status: 200, body: { id: bob.user.id } }));

    expect(await visitEach()).toEqual(letIn);
    await before.stop();
    expect((await visitEach()).map(({ status }) => status)).toEqual(applications.map(() => 503));
    const after = await startDaemon({
      home: folder.path,
      settings: { ...settings, AUTHSVC_LISTEN_PORT: new URL(before.url).port },
    });
    onTestFinished(async () => {
      await after.stop();
    });
    expect(await visitEach()).toEqual(letIn);
  });

  it('is not noticed where it closed a connection that was idle', async () => {
    let requests = 0;
    answerOfStub = (response) => {
      requests += 1;
      if (requests % 2 === 1) response.destroy();
      else response.writeHead(200).end(identity());
    };
    const authsvc = connectToStub();
    expect(await authsvc.whoami({ headers: { cookie: ada.cookie } })).toEqual({
      user: ada.user,
      session: ada.session,
    });
    const form = { headers: {}, socket: { remoteAddress: '192.0.2.1' } };
    await expect(authsvc.logIn(form, ada)).rejects.toThrow('is unreachable: connection closed');
    expect(requests).toBe(3);
  });
});
