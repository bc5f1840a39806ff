import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Daemon, startDaemon } from '../support/daemon.ts';
import { send } from '../support/http-client.mjs';
import { makeTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';
import { type Backend, packClient, prepareExample, startBackend } from './backends.ts';
import { openVisitor } from './visitor.ts';

const ada = { email: 'ada@example.com', password: 'correct horse battery' };

describe('examples/nextjs', () => {
  let home: TemporaryFolder;
  let daemon: Daemon;
  let application: Backend;
  const visit = () => openVisitor(application.url);
  const logIn = async () => {
    const visitor = visit();
    expect(await visitor.submit('/forms/login', ada)).toMatchObject({ status: 303, headers: { location: '/note' } });
    return visitor;
  };
  beforeAll(async () => {
    home = await makeTemporaryFolder();
    daemon = await startDaemon({ home: home.path });
    const folder = await prepareExample('nextjs', home.path, await packClient(home.path));
    const settings = { AUTHSVC_INTERNAL_URL: daemon.url, NEXT_TELEMETRY_DISABLED: '1' };
    application = await startBackend('nextjs', folder, home.path, settings);
  });
  afterAll(async () => {
    await application?.stop();
    await daemon?.stop();
    await home.remove();
  });

  it('has a public page, and leads a stranger from the other to the login', async () => {
    expect((await visit().open('/')).text).toContain('This page is public');
    expect(await visit().open('/note')).toMatchObject({ status: 307, headers: { location: '/login' } });
    expect(await visit().submit('/forms/note', { note: 'mine' })).toMatchObject({ headers: { location: '/login' } });
  });

  it('greets a person who has signed up, keeps a note for each, and shows it as text', async () => {
    const visitor = visit();
    const { status, headers } = await visitor.submit('/forms/register', ada);
    expect([status, headers.location]).toEqual([303, '/note']);
    await visitor.submit('/forms/note', { note: '<script>alert(1)</script>' });
    const { text } = await visitor.open('/note');
    expect(text).toMatch(/<h1>Hello, (<!-- -->)?ada@example\.com<\/h1>/);
    expect(text).toContain('&lt;script&gt;alert(1)');
    expect(text).not.toContain('<script>alert(1)');
    const other = visit();
    await other.submit('/forms/register', { ...ada, email: 'grace@example.com' });
    expect((await other.open('/note')).text).toContain('grace@example.com');
    expect((await other.open('/note')).text).not.toContain('alert(1)');
  });

  it('leads back to the form with the reason of a refusal', async () => {
    const visitor = visit();
    const { status, headers, cookies } = await visitor.submit('/forms/login', { ...ada, password: 'incorrect horse' });
    expect([status, cookies]).toEqual([303, []]);
    expect((await visitor.open(headers.location ?? '')).text).toContain('wrong email or password');
    const taken = await visitor.submit('/forms/register', ada);
    expect((await visitor.open(taken.headers.location ?? '')).text).toContain('email already registered');
    expect((await visitor.open('/login?refused=constructor')).text).toContain('this did not work');
  });

  it('refuses the session from the first request after a logout', async () => {
    const visitor = await logIn();
    const cookie = visitor.cookie();
    expect(await visitor.submit('/forms/logout', {})).toMatchObject({ status: 303, session: '' });
    expect(await send(application.url, 'GET /note', { headers: { cookie } })).toMatchObject({ status: 307 });
  });

  it('leaves the service to see where a login comes from', async () => {
    const headers = { 'user-agent': 'a browser', 'x-forwarded-for': '203.0.113.9' };
    for (const [sent, address] of [
      [headers, '203.0.113.9'],
      [{ 'user-agent': 'a browser' }, '127.0.0.1'],
    ] as const) {
      const { session } = await send(application.url, 'POST /forms/login', { form: ada, headers: sent });
      const { body } = await send(daemon.url, 'GET /sessions', { session });
      const own = { current: true, address, user_agent: 'a browser' };
      expect(body).toMatchObject({ sessions: expect.arrayContaining([expect.objectContaining(own)]) });
    }
  });

  it.each([
    ['another site', { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' }],
    ['a sibling subdomain', { origin: 'https://other.app.example', 'sec-fetch-site': 'same-site' }],
    ['another site, in an old browser', { origin: 'https://evil.example' }],
  ])('refuses each form of %s', async (_where, from) => {
    const visitor = await logIn();
    await visitor.submit('/forms/note', { note: 'before' });
    for (const form of ['note', 'login', 'register', 'logout']) {
      expect(await visitor.submit(`/forms/${form}`, { ...ada, note: 'after' }, from)).toMatchObject({ status: 403 });
    }
    expect((await visitor.open('/note')).text).toContain('before');
  });

  it('refuses what is no form, or too large', async () => {
    const visitor = await logIn();
    expect(await visitor.submit('/forms/note', { note: 'x'.repeat(20_000) })).toMatchObject({ status: 400 });
    expect(await send(application.url, 'POST /forms/login', { json: ada })).toMatchObject({ status: 400 });
    expect(await visitor.submit('/forms/constructor', {})).toMatchObject({ status: 404 });
  });

  // The last, since it stops the service.
  it('lets no one in while the service is away', async () => {
    const visitor = await logIn();
    await daemon.stop();
    const { status, text } = await visitor.open('/note');
    expect(status).toBe(500);
    expect(text).not.toContain(ada.email);
    for (const form of ['note', 'login', 'register', 'logout']) {
      const answer = await visitor.submit(`/forms/${form}`, { ...ada, note: 'lost' });
      expect([answer.status, answer.headers['retry-after']]).toEqual([503, '5']);
    }
    expect((await visitor.open('/')).status).toBe(200);
  });
});
