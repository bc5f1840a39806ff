import { setImmediate } from 'node:timers/promises';
import { AuthError, type AuthPorts } from '@authsvc/core';
import type { InjectOptions } from 'fastify';
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { answer, json, post, refused } from '../testing/requests.ts';
import { createTestServer, type TestServer } from '../testing/test-server.ts';

const credentials = { email: 'user@example.com', password: 'secure_password' };

describe('handleError', () => {
  let test: TestServer;

  afterEach(() => test.close());

  async function failWith(error: unknown, request: InjectOptions) {
    const fail = () => Promise.reject(error);
    const ports: Partial<AuthPorts> = {
      hasher: {
        takePlace: () => ({ [Symbol.dispose]: () => undefined }),
        costOf: () => 10,
        hash: fail,
        verify: fail,
        needsRehash: () => false,
        adopt: (passwordHash) => ({ passwordHash }),
        exported: (passwordHash) => passwordHash,
      },
    };
    test = await createTestServer({}, ports);
    return test.server.inject(request);
  }

  const logged = () => test.logLines.map((line) => JSON.parse(line));

  it('tells nothing of what was not foreseen, and logs it once', async () => {
    const cause = new Error('the inner reason');
    const response = await failWith(new TypeError('the bug is in /srv/app', { cause }), json(credentials));
    expect(answer(response)).toEqual(refused(500, 'internal', 'something went wrong on the server; its log says what'));
    expect(logged()).toEqual([
      {
        level: 'error',
        time: '2030-01-01T00:00:00.000Z',
        method: 'POST',
        route: '/users',
        status: 500,
        code: 'internal',
        err: {
          type: 'TypeError',
          message: 'the bug is in /srv/app',
          stack: expect.stringContaining('errors.test.ts'),
          cause: { type: 'Error', message: 'the inner reason', stack: expect.any(String) },
        },
        message: 'request failed',
      },
    ]);
  });

  it.each(['a thrown text', undefined, Object.assign(new Error('teapot'), { statusCode: 200 })])(
    'answers 500 to %j',
    async (error) => {
      const response = await failWith(error, json(credentials));
      expect(answer(response)).toEqual(
        refused(500, 'internal', 'something went wrong on the server; its log says what'),
      );
    },
  );

  it.each([
    ['overloaded', 3, '3', 503, 'too many passwords are being checked right now; try again shortly'],
    ['database_unavailable', undefined, '1', 503, 'the database does not answer right now; try again shortly'],
    ['rate_limited', 42, '42', 429, 'too many attempts; try again later'],
  ] as const)(
    'answers %s with the seconds after which to try again',
    async (code, retryAfterSeconds, header, status, message) => {
      const error = new AuthError(code, retryAfterSeconds === undefined ? {} : { retryAfterSeconds });
      const response = await failWith(error, json(credentials));
      expect(answer(response)).toEqual(refused(status, code, message));
      expect(response.headers['retry-after']).toBe(header);
    },
  );

  it('takes its time to send away for lack of hashers, which is no fault of the service', async () => {
    const startedAt = performance.now();
    await failWith(new AuthError('overloaded', { retryAfterSeconds: 3 }), json(credentials));
    // A timer counts in whole milliseconds.
    expect(performance.now() - startedAt).toBeGreaterThan(998);
    expect(logged()).toEqual([
      {
        level: 'warn',
        time: '2030-01-01T00:00:00.000Z',
        method: 'POST',
        route: '/users',
        status: 503,
        code: 'overloaded',
        message: 'request refused',
      },
    ]);
  });

  it('logs what a client did wrong at debug', async () => {
    const response = await failWith(undefined, json({ email: 'user@example.com' }));
    expect(response.statusCode).toBe(400);
    expect(logged()).toEqual([
      {
        level: 'debug',
        time: '2030-01-01T00:00:00.000Z',
        method: 'POST',
        route: '/users',
        status: 400,
        code: 'invalid_request',
        message: 'request refused',
      },
    ]);
  });
});

describe('addNotFoundHandler', () => {
  let test: TestServer;

  afterEach(() => test.close());

  it.each([
    ['GET', '/users', 'POST'],
    ['PUT', '/sessions', 'DELETE, GET, HEAD, POST'],
    ['POST', '/profile?x=1', 'DELETE, GET, HEAD'],
    ['OPTIONS', '/reset_password', 'POST, PUT'],
    ['DELETE', '/', 'GET, HEAD'],
  ] as const)('answers %s %s with the methods that are there', async (method, url, allow) => {
    test = await createTestServer();
    const response = await test.server.inject({ method, url });
    expect(answer(response)).toEqual(refused(405, 'method_not_allowed', `this path has ${allow}`));
    expect(response.headers.allow).toBe(allow);
  });

  it.each([
    ['an unknown path', { method: 'GET', url: '/users/1' }],
    ['a slash too many', { method: 'GET', url: '/profile/' }],
    ['an unknown path, whatever the body', post('x', { 'content-type': 'text/plain' }, '/nowhere')],
  ] as const)('answers 404 to %s', async (_what, request) => {
    test = await createTestServer();
    const response = await test.server.inject(request);
    expect(answer(response)).toEqual(refused(404, 'not_found', 'there is nothing at this path'));
  });

  it('answers 400 to a path with bad percent-encoding', async () => {
    test = await createTestServer();
    const response = await test.server.inject('/%zz');
    expect(answer(response)).toEqual(refused(400, 'invalid_request', 'the path is not validly percent-encoded'));
  });

  it('answers twenty refusals a second at once, and lets those beyond wait a second', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'performance'] });
    onTestFinished(() => {
      vi.useRealTimers();
    });
    test = await createTestServer({ throttleLoopback: true, resetsPerMinute: 1 });
    // After the second in which other tests counted refusals.
    vi.advanceTimersByTime(10_000);
    const ask = () => test.server.inject(json({ email: credentials.email }, '/reset_password'));
    await ask();
    const statuses: number[] = [];
    const asked = Array.from({ length: 25 }, async () => statuses.push((await ask()).statusCode));
    const refusedSoFar = () => test.logLines.filter((line) => JSON.parse(line).code === 'rate_limited').length;
    while (refusedSoFar() < 25) await setImmediate();
    // A request sent after them is answered after all that are not delayed.
    await test.server.inject('/health');
    expect(statuses).toEqual(new Array(20).fill(429));
    vi.advanceTimersByTime(1000);
    await Promise.all(asked);
    expect(statuses).toEqual(new Array(25).fill(429));
  });
});
