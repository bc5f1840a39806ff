import { createServer, request, type ServerResponse } from 'node:http';
import { connect as connectHttp2, createServer as createHttp2Server } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { type AuthsvcOptions, createAuthsvc } from '@authsvc/client';
import { createTestUser, type TestUser } from '@authsvc/client/testing';
import express from 'express';
import express4 from 'express-4';
import Fastify, { type FastifyPluginAsync } from 'fastify';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { type Daemon, startDaemon } from '../support/daemon.ts';
import { send } from '../support/http-client.mjs';
import { type LocalServer, serveLocally } from '../support/local-server.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';
import { startServer } from './applications.ts';

let folder: TemporaryFolder;
let daemon: Daemon;
let ada: TestUser;
let stub: LocalServer;
let answerOfStub: (response: ServerResponse) => void;

beforeAll(async () => {
  folder = await makeTemporaryFolder();
  daemon = await startDaemon({ home: folder.path });
  stub = await serveLocally((_request, response) => answerOfStub(response));
  ada = await createTestUser({ url: daemon.url });
});
afterAll(async () => {
  await stub?.stop();
  await daemon?.stop();
  await folder.remove();
});

/** An error that a middleware leaves unhandled would end a real application. */
const unhandled: unknown[] = [];
const note = (reason: unknown) => unhandled.push(reason);
beforeEach(() => {
  process.on('unhandledRejection', note);
});
afterEach(() => {
  process.off('unhandledRejection', note);
  expect(unhandled.splice(0)).toEqual([]);
});

function connect(options: Partial<AuthsvcOptions> = {}) {
  return createAuthsvc({ url: daemon.url, onUnavailable: () => undefined, ...options });
}

async function serve(listener: Parameters<typeof createServer>[1]) {
  const application = await startServer(createServer(listener));
  onTestFinished(application.stop);
  return application;
}

const versions = [
  ['Express 5', express],
  ['Express 4', express4 as unknown as typeof express],
] as const;

describe('a role', () => {
  it.each(versions)('is required by %s', async (_name, framework) => {
    const authsvc = connect();
    const app = framework();
    app.get('/user', authsvc.requireUser({ role: 'user' }), (_request, response) => {
      response.json('in');
    });
    app.get('/admin', authsvc.requireUser({ role: 'admin' }), (_request, response) => {
      response.json('in');
    });
    const { visit } = await serve(app);
    const headers = { cookie: ada.cookie };
    expect(await visit({ path: '/user', headers })).toMatchObject({ status: 200, body: 'in' });
    expect(await visit({ path: '/admin', headers })).toMatchObject({ status: 403, body: { code: 'forbidden' } });
    expect(await visit({ path: '/admin' })).toMatchObject({ status: 401 });
  });

  it('is required by a scope of Fastify, and not beside it', async () => {
    const authsvc = connect();
    const app = Fastify();
    onTestFinished(() => app.close());
    app.get('/open', () => 'open');
    const admins: FastifyPluginAsync = async (scope) => {
      await scope.register(authsvc.fastify, { role: 'admin' });
      scope.get('/admin', () => 'in');
    };
    const users: FastifyPluginAsync = async (scope) => {
      await scope.register(authsvc.fastify, { role: 'user' });
      scope.get('/user', (request) => authsvc.userOf(request));
    };
    app.register(admins);
    app.register(users);
    const headers = { cookie: ada.cookie };
    expect(await app.inject({ url: '/open' })).toMatchObject({ statusCode: 200, body: 'open' });
    expect((await app.inject({ url: '/admin', headers })).statusCode).toBe(403);
    expect((await app.inject({ url: '/user', headers })).json()).toEqual(ada.user);
    expect((await app.inject({ url: '/user' })).statusCode).toBe(401);
  });

  it('is no other option, nor is the request of a requireUser that was not called', async () => {
    const options = { roles: ['admin'] } as unknown as { role: string };
    expect(() => connect().requireUser(options)).toThrow('requireUser({ role }) has no option roles');
    const app = Fastify();
    onTestFinished(() => app.close());
    await expect(app.register(connect().fastify, options)).rejects.toThrow('has no option roles');
    const forgotten = express();
    forgotten.use(connect().requireUser as unknown as express.RequestHandler);
    forgotten.use(((error, _request, response, _next) => {
      response.status(500).json((error as Error).name);
    }) as express.ErrorRequestHandler);
    const { visit } = await serve(forgotten);
    expect(await visit({})).toMatchObject({ status: 500, body: 'TypeError' });
  });

  it.each([undefined, '', null])('cannot be %j, which would let in every user', async (role) => {
    const options = { role } as unknown as { role: string };
    expect(() => connect().requireUser(options)).toThrow(TypeError);
    const app = Fastify();
    onTestFinished(() => app.close());
    await expect(app.register(connect().fastify, options)).rejects.toThrow('role is not the name of a role');
  });
});

describe('a user', () => {
  it('is in request.user, and known to userOf', async () => {
    const authsvc = connect();
    const app = express();
    app.get('/me', authsvc.requireUser(), (request, response) => {
      response.json([authsvc.userOf(request), (request as unknown as { user: unknown }).user]);
    });
    const { visit } = await serve(app);
    const { body } = await visit({ path: '/me', headers: { cookie: ada.cookie } });
    expect(body).toEqual([ada.user, ada.user]);
  });

  it.each(['Express', 'Fastify'])('is none of a route of %s that nothing guards', async (framework) => {
    const authsvc = connect();
    expect(() => authsvc.userOf(framework === 'Express' ? {} : { user: null })).toThrow('requireUser() has not run');
  });
});

describe('what requireUser redirects', () => {
  const headers = { 'sec-fetch-mode': 'navigate', host: 'localhost:3000' };

  it.each(versions)('comes back to the whole path, though a router of %s cut it', async (_name, framework) => {
    const inner = framework.Router();
    inner.use(connect().requireUser());
    const app = framework();
    app.use('/app', inner);
    const { visit } = await serve(app);
    const { location } = await visit({ path: '/app/notes?a=1', headers });
    // The host name is that of the application, since the cookie is for one name.
    const login = `http://localhost:${new URL(daemon.url).port}/login`;
    expect(location).toBe(`${login}?return_to=${encodeURIComponent('http://localhost:3000/app/notes?a=1')}`);
  });

  it.each(['//evil.example/x', '/\\evil.example/x', '/%0d%0aset-cookie:a=b', 'http://evil.example/x'])(
    'stays on its origin for %j',
    async (path) => {
      const { url } = await serve((request, response) => {
        connect({ loginPage: '/log-in' }).requireUser()(request, response, () => response.end());
      });
      // `send` would resolve the path.
      const location = await new Promise<string>((resolve, reject) => {
        request(url, { path, headers }, ({ headers: { location = '' } }) => resolve(location))
          .on('error', reject)
          .end();
      });
      expect(location).toMatch(/^\/log-in\?return_to=%2F(?!%2F)/);
      const returnTo = new URL(location, url).searchParams.get('return_to') ?? '';
      expect(new URL(returnTo, url).origin).toBe(url);
    },
  );
});

describe('an error', () => {
  it.each(versions)('of onUnavailable goes to the error handler of %s', async (_name, framework) => {
    answerOfStub = (response) => response.end('[]');
    const authsvc = connect({
      url: stub.url,
      onUnavailable: () => {
        throw new Error('the log is full');
      },
    });
    const app = framework();
    const errors: unknown[] = [];
    app.use(authsvc.requireUser());
    app.get('/me', (_request, response) => {
      response.json('in');
    });
    app.use(((error, _request, response, _next) => {
      errors.push(error);
      response.status(500).json('handled');
    }) as express.ErrorRequestHandler);
    const { visit } = await serve(app);
    const answer = await visit({ path: '/me', headers: { cookie: ada.cookie } });
    expect(answer).toMatchObject({ status: 500, body: 'handled' });
    expect(errors).toEqual([new Error('the log is full')]);
  });

  it.each(versions)('of a handler of %s reaches its error handler once', async (_name, framework) => {
    const app = framework();
    const errors: unknown[] = [];
    app.use(connect().requireUser());
    app.get('/me', () => {
      throw new Error('of the handler');
    });
    app.use(((error, _request, response, _next) => {
      errors.push(error);
      response.status(500).json('handled');
    }) as express.ErrorRequestHandler);
    const { visit } = await serve(app);
    expect(await visit({ path: '/me', headers: { cookie: ada.cookie } })).toMatchObject({ status: 500 });
    expect(errors).toEqual([new Error('of the handler')]);
  });

  it.each(versions)('is none where %s has answered before the service did', async (_name, framework) => {
    answerOfStub = (response) => response.end('[]');
    const app = framework();
    const errors: unknown[] = [];
    const { promise, done } = deferred();
    app.use((_request, response, next) => {
      response.status(504).json('too late');
      next();
    });
    app.use(connect({ url: stub.url, onUnavailable: done }).requireUser());
    app.use(((error, _request, _response, next) => {
      errors.push(error);
      next(error);
    }) as express.ErrorRequestHandler);
    const { visit } = await serve(app);
    expect(await visit({ headers: { cookie: ada.cookie } })).toMatchObject({ status: 504, body: 'too late' });
    await promise;
    await new Promise(setImmediate);
    expect(errors).toEqual([]);
  });

  it('is none where the browser has gone before the service answered', async () => {
    const leaving = new AbortController();
    const { promise, done } = deferred();
    let answerLate: () => void;
    answerOfStub = (response) => {
      answerLate = () => response.end('[]');
      leaving.abort();
    };
    const app = express();
    app.use((_request, response, next) => {
      response.on('close', () => answerLate());
      next();
    });
    app.use(connect({ url: stub.url, onUnavailable: done }).requireUser());
    const { url } = await serve(app);
    await expect(fetch(url, { headers: { cookie: ada.cookie }, signal: leaving.signal })).rejects.toThrow();
    await promise;
    await new Promise(setImmediate);
  });
});

describe('HTTP/2', () => {
  it('is served like HTTP/1', async () => {
    const authsvc = connect();
    const guard = authsvc.requireUser();
    const server = createHttp2Server((request, response) => {
      guard(request, response, () => response.end(authsvc.userOf(request).id));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const session = connectHttp2(`http://127.0.0.1:${port}`);
    onTestFinished(() => {
      session.close();
      server.close();
    });
    const ask = (headers: Readonly<Record<string, string>>) =>
      new Promise<{ status: unknown; location: unknown; body: string }>((resolve, reject) => {
        const stream = session.request({ ':path': '/me?tab=1', ...headers });
        let answered: Readonly<Record<string, unknown>> = {};
        let body = '';
        stream.on('response', (received) => {
          answered = received;
        });
        stream.setEncoding('utf8').on('data', (chunk: string) => {
          body += chunk;
        });
        stream.on('end', () => resolve({ status: answered[':status'], location: answered.location, body }));
        stream.on('error', reject);
      });
    expect(await ask({ cookie: ada.cookie })).toMatchObject({ status: 200, body: ada.user.id });
    expect(await ask({})).toMatchObject({ status: 401 });
    const { status, location } = await ask({ 'sec-fetch-mode': 'navigate' });
    expect(status).toBe(302);
    expect(location).toContain(`return_to=${encodeURIComponent(`http://127.0.0.1:${port}/me?tab=1`)}`);
  });
});

function deferred() {
  let done: () => void = () => undefined;
  const promise = new Promise<void>((resolve) => {
    done = resolve;
  });
  return { promise, done };
}

describe('a request with headers that no browser sends', () => {
  it.each([
    ['a token of 15,000 characters', { cookie: `session_id=${'x'.repeat(15_000)}` }],
    ['200 cookies of its name', { cookie: Array.from({ length: 200 }, (_, i) => `session_id=${i}`).join('; ') }],
    ['an X-Forwarded-For of nonsense', { cookie: 'session_id=x', 'x-forwarded-for': 'a, , "b"; \u00ff' }],
    ['an Origin of nonsense', { cookie: 'session_id=x', origin: '\u00ff' }],
  ])('is let in by none of them: %s', async (_what, headers) => {
    const { visit } = await serve((request, response) => {
      connect().requireUser()(request, response, () => response.end('in'));
    });
    const { status } = await visit({ headers });
    expect([401, 503]).toContain(status);
  });

  it('is no reason to say that the service is not available', async () => {
    const { url } = await serve((request, response) => {
      connect().requireUser()(request, response, () => response.end('in'));
    });
    const headers = { cookie: `${Array.from({ length: 200 }, (_, i) => `session_id=${i}`).join('; ')}; ${ada.cookie}` };
    expect((await send(url, 'GET /', { headers })).status).toBe(401);
  });
});
