import { verifyUser } from '@authsvc/core';
import { sendMails } from '@authsvc/core/testing';
import type { InjectOptions } from 'fastify';
import { afterEach, describe, expect, it } from 'vitest';
import { type Fields, form, json } from '../testing/requests.ts';
import { createTestServer, type TestServer } from '../testing/test-server.ts';

const ada = { email: 'ada@example.com', password: 'correct horse battery' };
const newPassword = 'staple after staple';
const often = { loginsPerMinute: 10_000, registrationsPerMinute: 10_000, resetsPerMinute: 10_000 };
const tables = ['users', 'sessions', 'one_time_tokens', 'throttles', 'known_addresses', 'devices', 'mails', 'events'];

let test: TestServer;
afterEach(() => test.close());

const send = (path: string, fields: Fields, headers: Fields = {}) => {
  const request = form(new URLSearchParams(fields).toString(), path);
  return test.server.inject({ ...request, headers: { ...request.headers, ...headers } });
};
const everything = () => Promise.all(tables.map((table) => test.auth.database.read(table)));
async function logIn(): Promise<{ cookie: string }> {
  const { headers } = await test.server.inject(json(ada, '/sessions'));
  return { cookie: [headers['set-cookie']].flat()[0]?.split(';', 1)[0] ?? '' };
}

describe('a mail scanner', () => {
  it('that reads every link a hundred times changes nothing and spends no token', async () => {
    test = await createTestServer(often);
    await test.server.inject(json(ada, '/users'));
    const who = await logIn();
    const [, token = ''] =
      /name="reset_token" value="([\da-f-]{36})"/.exec((await send('/reset', { email: ada.email })).body) ?? [];
    const link = `/reset?email=ada%40example.com&token=${token}`;

    const links = new Set([link, '/', '/login', '/account', '/logout', '/reset?token']);
    for (const url of links) {
      const { body } = await test.server.inject({ url, headers: { ...who, accept: 'text/html' } });
      for (const [, href = ''] of body.matchAll(/href="([^"#]+)"/g))
        links.add(new URL(href, `http://x${url}`).pathname);
    }
    expect([...links]).toEqual(expect.arrayContaining(['/register', '/account/email', '/account/delete']));

    const before = await everything();
    for (let round = 0; round < 100; round += 1) {
      for (const url of links) {
        for (const method of ['GET', 'HEAD'] as const) {
          const answer = await test.server.inject({ method, url, headers: { ...who, accept: 'text/html' } });
          expect(answer.headers['set-cookie']).toBeUndefined();
        }
      }
    }
    expect(await everything()).toEqual(before);
    const chosen = await send('/reset', { email: ada.email, reset_token: token, new_password: newPassword });
    expect([chosen.statusCode, chosen.headers.location]).toEqual([303, 'login?done=password-reset']);
  });
});

describe("a mail scanner at a notice's link", () => {
  it.each(['GET', 'HEAD'] as const)('spends nothing by a hundred times %s', async (method) => {
    test = await createTestServer({ ...often, sendsMail: true });
    await test.server.inject(json(ada, '/users'));
    await verifyUser(test.auth, ada.email);
    await logIn();
    await test.server.inject({ ...json(ada, '/sessions'), remoteAddress: '192.0.2.7' });
    const [notice] = await sendMails(test.auth);
    const token = notice && 'token' in notice ? notice.token : '';
    const before = await everything();
    for (let round = 0; round < 100; round += 1) {
      const { statusCode, headers } = await test.server.inject({ method, url: `/not-me?token=${token}` });
      expect([statusCode, headers['set-cookie']]).toEqual([200, undefined]);
    }
    expect(await everything()).toEqual(before);
    const said = await send('/not-me', { token });
    expect([said.statusCode, said.headers.location]).toEqual([303, 'not-me?locked']);
    expect((await test.server.inject(json(ada, '/sessions'))).statusCode).toBe(401);
  });
});

describe('a form from a page of another site', () => {
  const foreign: readonly [what: string, headers: Fields][] = [
    ['cross-site', { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' }],
    ['same-site', { origin: 'https://evil.example', 'sec-fetch-site': 'same-site' }],
    ['of an unknown origin', { origin: 'https://evil.example' }],
    ['of no origin', { origin: 'null', 'sec-fetch-site': 'cross-site' }],
    ['that hides its origin', { 'sec-fetch-site': 'cross-site' }],
  ];

  it.each(foreign)('changes nothing: %s', async (_what, headers) => {
    const paths: string[] = [];
    const beforeRoutes = (server: TestServer['server']) => {
      server.addHook('onRoute', ({ method, url, config }) => {
        if (method === 'POST' && config?.refusalPage) paths.push(url);
      });
    };
    test = await createTestServer(often, {}, { beforeRoutes });
    await test.server.inject(json(ada, '/users'));
    const who = await logIn();
    const sessions = await test.server.inject({ url: '/sessions', headers: who });
    const [{ id }] = sessions.json().sessions;
    const fields = {
      id,
      email: ada.email,
      password: ada.password,
      new_email: 'eve@example.com',
      new_password: newPassword,
    };
    const before = await everything();
    // Each path takes some of the fields; without a foreign origin, some of these would succeed.
    const bodies: Record<string, Fields> = {
      '/login': { email: ada.email, password: ada.password },
      '/register': { email: 'eve@example.com', password: ada.password },
      '/logout': {},
      '/reset': { email: ada.email },
      '/verify': { email: ada.email },
      '/invitation': { email: 'eve@example.com', password: ada.password, invitation_token: id },
      '/account/email': { new_email: 'eve@example.com', password: ada.password },
      '/account/password': { current_password: ada.password, new_password: newPassword },
      '/account/delete': { password: ada.password },
      '/login/code': { second_factor_token: id, code: '123456' },
      '/account/totp': { password: ada.password },
      '/account/totp/code': { code: '123456' },
      '/account/totp/disable': { password: ada.password, code: '123456' },
      '/account/recovery-codes': { password: ada.password, code: '123456' },
      '/account/end-session': { id },
      '/account/end-other-sessions': {},
      '/account/forget-device': { id },
      '/not-me': { token: id },
    };
    expect(paths.sort()).toEqual(Object.keys(bodies).sort());
    for (const path of paths) {
      for (const body of [bodies[path] ?? {}, fields]) {
        const answer = await send(path, body, { ...who, ...headers });
        expect([path, answer.statusCode]).toEqual([path, 403]);
        expect(answer.body).toContain('This form was sent from another site, so nothing was done.');
        expect(answer.headers['set-cookie']).toBeUndefined();
      }
    }
    expect(await everything()).toEqual(before);
  });
});

/** One act, by HTTP and by page. */
interface Act {
  readonly name: string;
  readonly times: number;
  readonly http: InjectOptions;
  readonly page: { readonly path: string; readonly fields: Fields };
  /** What is restored before each. */
  readonly logsInAgain?: true;
}

const wrong = 'not it at all';
const put = (body: unknown, url: string) => ({ ...json(body, url), method: 'PUT' as const });
const unknownToken = 'a4d19e2f-88f1-4bc4-89f7-7d39b98a3d44';
const reset = { email: ada.email, reset_token: unknownToken, new_password: newPassword };

const acts: readonly Act[] = [
  {
    name: 'logins from an address',
    times: 4,
    http: json({ email: 'bob@example.com', password: wrong }, '/sessions'),
    page: { path: '/login', fields: { email: 'bob@example.com', password: wrong } },
  },
  {
    name: 'registrations from an address',
    times: 4,
    http: json(ada, '/users'),
    page: { path: '/register', fields: ada },
  },
  {
    name: 'requests for a reset',
    times: 4,
    http: json({ email: ada.email }, '/reset_password'),
    page: { path: '/reset', fields: { email: ada.email } },
  },
  {
    name: 'uses of a reset token',
    times: 12,
    http: put(reset, '/reset_password'),
    page: { path: '/reset', fields: reset },
  },
  {
    name: 'guesses at a password from inside',
    times: 7,
    http: put({ new_email: 'b@example.com', password: wrong }, '/profile/email'),
    page: { path: '/account/email', fields: { new_email: 'b@example.com', password: wrong } },
  },
  {
    name: 'changes of a password',
    times: 62,
    http: put({ current_password: ada.password, new_password: ada.password }, '/profile/password'),
    page: { path: '/account/password', fields: { current_password: ada.password, new_password: ada.password } },
  },
  {
    name: 'ends of sessions',
    times: 62,
    http: { method: 'DELETE', url: '/sessions/others' },
    page: { path: '/account/end-other-sessions', fields: {} },
    logsInAgain: true,
  },
];

describe('a limit', () => {
  const limits = { loginsPerMinute: 2, registrationsPerMinute: 2, resetsPerMinute: 2, throttleLoopback: true };

  it.each(acts)('is the same by HTTP and by page: $name', async ({ times, http, page, logsInAgain }) => {
    const walk = async (act: (who: Fields) => ReturnType<typeof send>) => {
      test = await createTestServer(logsInAgain ? often : limits);
      await test.server.inject(json(ada, '/users'));
      const who = await logIn();
      const answers: unknown[] = [];
      for (let time = 0; time < times; time += 1) {
        if (logsInAgain) await logIn();
        const { statusCode, headers } = await act(who);
        answers.push([statusCode === 303 ? 200 : statusCode, headers['retry-after']]);
      }
      return answers;
    };
    const byHttp = await walk((who) => test.server.inject({ ...http, headers: { ...http.headers, ...who } }));
    expect(byHttp.at(-1)).toEqual([429, expect.any(String)]);
    await test.close();
    expect(await walk((who) => send(page.path, page.fields, who))).toEqual(byHttp);
  });

  it('is shared by HTTP and pages', async () => {
    test = await createTestServer(limits);
    await test.server.inject(json({ ...ada, password: wrong }, '/sessions'));
    await send('/login', { ...ada, password: wrong });
    expect((await send('/login', { ...ada, password: wrong })).statusCode).toBe(429);
    expect((await test.server.inject(json({ ...ada, password: wrong }, '/sessions'))).statusCode).toBe(429);
  });
});
