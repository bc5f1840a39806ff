import { afterEach, expect, it, vi } from 'vitest';
import { form, json } from '../testing/requests.ts';
import { createTestServer, type TestServer } from '../testing/test-server.ts';

type Group = Record<string, unknown>;

/** Another language, in which every text stands in brackets. */
vi.mock('../texts/texts.ts', async (original) => {
  const { texts } = await original<{ texts: Group }>();
  const inBrackets = (group: Group): Group =>
    Object.fromEntries(Object.entries(group).map(([key, text]) => [key, key === 'language' ? text : translated(text)]));
  const translated = (text: unknown): unknown => {
    if (typeof text === 'string') return `⟦${text}⟧`;
    if (typeof text === 'function') return (...values: unknown[]) => `⟦${text(...values)}⟧`;
    return inBrackets(text as Group);
  };
  return { texts: inBrackets(texts) };
});

let test: TestServer;
afterEach(() => test.close());

/** What a page says, also to a screen reader, beyond its texts. */
function besidesTexts(body: string): string {
  const labels = [...body.matchAll(/aria-label="([^"]*)"/g)].map(([, label = '']) => label);
  const text = `${body.replace(/<style[\s\S]*?<\/style>/g, '').replace(/<[^>]*>/g, ' ')} ${labels.join(' ')}`;
  // A text may hold another, three deep at most.
  const innermost = /⟦[^⟦⟧]*⟧/g;
  const rest = text.replace(innermost, ' ').replace(innermost, ' ').replace(innermost, ' ');
  return rest.replace(/\s+/g, ' ').trim();
}

it('has no text of its own on any page', async () => {
  test = await createTestServer();
  const ada = { email: 'ada@example.com', password: 'correct horse battery' };
  await test.server.inject(json(ada, '/users'));
  const { headers } = await test.server.inject(json(ada, '/sessions'));
  await test.server.inject(json(ada, '/sessions'));
  const cookie = [headers['set-cookie']].flat()[0]?.split(';', 1)[0] ?? '';
  const pages = [
    ...['/login', '/register', '/logout', '/reset', '/reset?asked', '/reset?token', '/login?done=logged-out'],
    ...['/not-me', '/not-me?token=a', '/not-me?locked'],
  ];
  const own = ['/account', '/account/email', '/account/password', '/account/delete'];
  const changes = ['/account/end-session', '/account/forget-device'];
  const forms = ['/login', '/register', '/reset', '/not-me', ...own.slice(1), ...changes];
  for (const who of [{}, { cookie }]) {
    const answers = await Promise.all([
      ...[...pages, ...('cookie' in who ? own : [])].map((url) => test.server.inject({ url, headers: who })),
      ...forms.map((url) => {
        const request = form('', url);
        return test.server.inject({ ...request, headers: { ...request.headers, ...who } });
      }),
    ]);
    for (const { body } of answers) {
      expect(body).toContain('⟦');
      expect(besidesTexts(body)).toMatch(/^· authsvc A authsvc( ada@example\.com)?$/);
    }
  }
});
