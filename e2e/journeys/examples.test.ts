import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type BackendName,
  backendNames,
  backendsObstacle,
  prepareBackends,
  prepareMilliseconds,
  type RunningBackends,
  startBackends,
} from '../examples/backends.ts';
import { openVisitor, type Visitor } from '../examples/visitor.ts';
import { type Daemon, startDaemon } from '../support/daemon.ts';
import { send } from '../support/http-client.mjs';
import { makeTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';

const password = 'correct horse battery';
const hostile = `</textarea>"'><script>alert(1)</script>&amp;`;

describe.skipIf(backendsObstacle)('each application of examples/', () => {
  let home: TemporaryFolder;
  let daemon: Daemon;
  let backends: RunningBackends;
  /** Who has signed up, and stays logged in. */
  const members = {} as Record<BackendName, Visitor>;
  beforeAll(async () => {
    home = await makeTemporaryFolder();
    daemon = await startDaemon({ home: home.path });
    const prepared = await prepareBackends(home.path);
    backends = await startBackends(prepared, home.path, { AUTHSVC_INTERNAL_URL: daemon.url });
  }, prepareMilliseconds);
  afterAll(async () => {
    await backends?.stop();
    await daemon?.stop();
    await home.remove();
  });

  describe.each(backendNames)('%s', (name) => {
    const ada = { email: `ada@${name}.example`, password };
    const visit = () => openVisitor(backends.urls[name]);
    /** Where a page load without a session leads to. */
    const expectLogin = ({ status, headers }: Awaited<ReturnType<Visitor['open']>>) => {
      expect([302, 303]).toContain(status);
      expect(headers.location).toMatch(/^\/login(\?|$)/);
    };

    it('has a public page, and leads a stranger from the other to the login', async () => {
      const stranger = visit();
      expect(await stranger.open('/')).toMatchObject({
        status: 200,
        text: expect.stringContaining('This page is public'),
      });
      expectLogin(await stranger.open('/note'));
      expect((await stranger.submit('/note', { note: 'mine' })).status).not.toBe(200);
    });

    it('greets a person who has signed up, and keeps a note for each', async () => {
      const [first, second] = [visit(), visit()];
      for (const [visitor, email] of [[first, ada.email] as const, [second, `grace@${name}.example`] as const]) {
        const { status, headers } = await visitor.submit('/register', { email, password });
        expect([status, headers.location]).toEqual([303, '/note']);
        expect((await visitor.open('/note')).text).toContain(`<h1>Hello, ${email}</h1>`);
        expect(await visitor.submit('/note', { note: `A note of ${email}` })).toMatchObject({ status: 303 });
      }
      expect((await first.open('/note')).text).toContain(`A note of ${ada.email}</textarea>`);
      members[name] = first;
    });

    it('shows a refusal beside the form, with the email that was typed', async () => {
      const visitor = visit();
      const wrong = await visitor.submit('/login', { ...ada, password: 'incorrect horse' });
      expect(wrong).toMatchObject({ status: 401, cookies: [] });
      expect(wrong.text).toContain('wrong email or password');
      expect(wrong.text).toContain(`value="${ada.email}"`);
      const taken = await visitor.submit('/register', ada);
      expect(taken).toMatchObject({ status: 400, cookies: [] });
      expect(taken.text).toContain('email already registered');
    });

    it('refuses the session from the first request after a logout', async () => {
      const visitor = visit();
      await visitor.submit('/login', ada);
      const cookie = visitor.cookie();
      await visitor.open('/logout');
      expect((await visitor.open('/note')).text).toContain(`A note of ${ada.email}`);
      expect(await visitor.submit('/logout', {})).toMatchObject({ status: 303, session: '' });
      expect(visitor.cookie()).toBe('');
      expectLogin(await send(backends.urls[name], 'GET /note', { headers: { cookie, accept: 'text/html' } }));
    });

    it('shows what people typed as text', async () => {
      const visitor = members[name];
      await visitor.submit('/note', { note: hostile });
      const pages = [
        await visitor.open('/note'),
        await visitor.submit('/login', { email: hostile, password }),
        await visitor.submit('/register', { email: hostile, password }),
      ];
      for (const { text, headers } of pages) {
        expect(text).not.toContain('<script>');
        expect(text).toMatch(/&lt;script&gt;|&#60;script&#62;/);
        expect(headers['content-security-policy']).toContain("default-src 'none'");
      }
    });

    const foreign = 'https://evil.example';
    it.each([
      ['another site', { origin: foreign, 'sec-fetch-site': 'cross-site' }],
      ['a sibling subdomain', { origin: 'https://other.app.example', 'sec-fetch-site': 'same-site' }],
      ['another port', { origin: 'http://127.0.0.1:1', 'sec-fetch-site': 'same-site' }],
      ['another site, in an old browser', { origin: foreign }],
      ['a page without an origin', { origin: 'null' }],
      ['a page that sends no Origin', { 'sec-fetch-site': 'cross-site' }],
    ])('refuses each form of %s', async (_where, from) => {
      const visitor = members[name];
      await visitor.submit('/note', { note: 'before' });
      const answers = [
        await visitor.submit('/note', { note: 'after' }, from),
        await visitor.submit('/login', ada, from),
        await visitor.submit('/register', { email: `eve@${name}.example`, password }, from),
        await visitor.submit('/logout', {}, from),
      ];
      expect(answers.map(({ status, cookies }) => [status, cookies])).toEqual(answers.map(() => [403, []]));
      expect((await visitor.open('/note')).text).toContain('before');
    });

    it('takes the form of an old browser, and of what is no browser', async () => {
      for (const from of [{ origin: backends.urls[name] }, {}]) {
        expect(await visit().submit('/login', ada, from)).toMatchObject({ status: 303 });
      }
    });

    it('leads to its own page after a login, even if the link names another', async () => {
      const query = `?return_to=${encodeURIComponent(`${foreign}/\r\nSet-Cookie: a=b`)}&next=//evil.example`;
      for (const link of [
        query,
        '?return_to=//evil.example',
        '?return_to=/%5Cevil.example',
        '?return_to=/%09/evil.example',
      ]) {
        expect((await visit().open(`/login${link}`)).text).not.toContain('evil.example');
        const { status, headers, cookies } = await visit().submit(`/login${link}`, ada);
        expect([status, headers.location]).toEqual([303, '/note']);
        expect(cookies).toEqual([expect.stringMatching(/^session_id=/), expect.stringMatching(/^authsvc_device=/)]);
      }
    });

    // The others lead to the note always, as the last test says.
    const leadsBack = ['express', 'fastify'].includes(name);
    it(leadsBack ? 'leads back to the page that asked for the login' : 'leads to the note after a login', async () => {
      const asked = await visit().open('/note?tab=1');
      const { text } = await visit().open(asked.headers.location ?? '');
      const [, action = ''] = /action="([^"]+)"/.exec(text) ?? [];
      const refused = await visit().submit(action, { ...ada, password: 'incorrect horse' });
      expect(refused.text).toContain(`action="${action}"`);
      expect((await visit().submit(action, ada)).headers.location).toBe(leadsBack ? '/note?tab=1' : '/note');
    });

    it('refuses a form that is too large, and serves on', async () => {
      const visitor = members[name];
      await visitor.submit('/note', { note: 'small' });
      expect([400, 413]).toContain((await visitor.submit('/note', { note: 'x'.repeat(20_000) })).status);
      expect((await visitor.open('/note')).text).toContain('small');
    });

    it.each(['application/json', 'application/x-www-form-urlencoded', 'multipart/form-data', 'text/plain'])(
      'refuses %s that is no form',
      async (type) => {
        for (const raw of ['null', '[]', '{"email":{"$ne":1}}', '\0']) {
          const { status } = await send(backends.urls[name], 'POST /login', { raw, headers: { 'content-type': type } });
          expect([400, 401, 415]).toContain(status);
        }
      },
    );
  });

  describe('while the service is away', () => {
    beforeAll(() => daemon.stop());

    it.each(backendNames)('%s answers 503 and lets no one in', async (name) => {
      const visitor = members[name];
      const credentials = { email: `ada@${name}.example`, password };
      const answers = [
        await visitor.open('/note'),
        await visitor.submit('/note', { note: 'lost' }),
        await visitor.submit('/login', credentials),
        await visitor.submit('/register', credentials),
        await visitor.submit('/logout', {}),
      ];
      expect(answers.map((answer) => [answer.status, answer.headers['retry-after']])).toEqual(
        answers.map(() => [503, '5']),
      );
      expect((await visitor.open('/')).status).toBe(200);
    });
  });
});
