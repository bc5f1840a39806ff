import { describe, expect, it } from 'vitest';
import { ConfigError, loadConfig } from './config.ts';
import { findPagesUrl } from './page-settings.ts';
import type { Environment } from './setting.ts';

const loadedFrom = (env: Environment) => loadConfig({ HOME: '/home/ada', ...env });

function problemsOf(env: Environment): readonly string[] {
  try {
    loadedFrom(env);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
}

const noPages =
  'must be on, off, or the https address of your own pages, such as https://app.example.com/account (http on loopback)';

describe('AUTHSVC_PAGES', () => {
  it.each(['on', 'off'])('is %s', (text) => {
    expect(loadedFrom({ AUTHSVC_PAGES: text }).pages).toBe(text);
  });

  it.each([
    ['https://app.example.com', 'https://app.example.com/'],
    ['https://app.example.com/account/', 'https://app.example.com/account'],
    // Its own pages may lie where our routes have their names.
    ['https://app.example.com/login', 'https://app.example.com/login'],
    ['http://localhost:3000', 'http://localhost:3000/'],
    ['http://127.0.0.1:3000/a', 'http://127.0.0.1:3000/a'],
    ['http://[::1]:3000', 'http://[::1]:3000/'],
  ])('takes %s', (text, href) => {
    expect(loadedFrom({ AUTHSVC_PAGES: text }).pages).toEqual(new URL(href));
  });

  it.each([
    ...[
      'ON',
      'true',
      'app.example.com',
      'http://app.example.com',
      'http://localhost.example.com',
      'http://127.0.0.1.example.com',
      'ftp://localhost',
      'javascript:alert(1)',
      'https://',
    ].map((text) => [text, noPages]),
    ['https://ada:secret@app.example.com', 'must not hold a user or a password'],
    ['https://app.example.com?a=b', 'must end after its path, as in https://app.example.com/auth'],
    ['https://app.example.com/#/reset', 'must end after its path, as in https://app.example.com/auth'],
    [
      'https://app.example.com/a b',
      "must have a path of letters, digits, '-', '.', '_' and '~', as in https://app.example.com/auth",
    ],
  ])('refuses %s', (text, problem) => {
    expect(problemsOf({ AUTHSVC_PAGES: text })).toEqual([`AUTHSVC_PAGES ${problem}`]);
  });
});

describe('the links in mails', () => {
  const eventsOf = (env: Environment) => loadedFrom(env).warnings.map(({ event }) => event);
  const smtp = { AUTHSVC_SMTP_URL: 'smtps://mail.example.com' };

  it('are warned about where they lead to this machine, and the mail does not', () => {
    expect(eventsOf(smtp)).toEqual(['mail_links_to_loopback']);
  });

  it.each([
    { ...smtp, AUTHSVC_PUBLIC_URL: 'https://auth.example.com' },
    { ...smtp, AUTHSVC_PAGES: 'https://app.example.com' },
    { ...smtp, AUTHSVC_PAGES: 'off' },
    { ...smtp, AUTHSVC_RESET_DELIVERY: 'operator', AUTHSVC_EMAIL_VERIFICATION: 'off' },
    { AUTHSVC_SMTP_URL: 'smtp://localhost:1025' },
  ])('are fine with %o', (env) => {
    expect(eventsOf(env)).toEqual([]);
  });
});

describe('AUTHSVC_NAME', () => {
  it.each(['Example', 'Ada & Söhne <3', "O'Brien", '帳號', 'x'.repeat(60), '🔑'.repeat(60)])('takes %s', (text) => {
    expect(loadedFrom({ AUTHSVC_NAME: text }).productName).toBe(text);
  });

  it('is taken without the blanks around it', () => {
    expect(loadedFrom({ AUTHSVC_NAME: ' Example \n' }).productName).toBe('Example');
  });

  it.each([
    '   ',
    'x'.repeat(61),
    'Example\r\nBcc: eve@example.com',
    'a\nb',
    'a\0b',
    'a\u001b[31mb',
    'a\u2028b',
    'a\u202eb',
    'a\u200bb',
    '\ud800',
  ])('refuses %j', (text) => {
    expect(problemsOf({ AUTHSVC_NAME: text })).toEqual([
      expect.stringMatching(/^AUTHSVC_NAME must be 1 to 60 characters in one line, without control characters, not "/),
    ]);
  });
});

describe('AUTHSVC_ACCENT_COLOR', () => {
  it('is written in lower case', () => {
    expect(loadedFrom({ AUTHSVC_ACCENT_COLOR: '#1F6FEB' }).accentColor).toBe('#1f6feb');
  });

  it.each(['1f6feb', '#1f6fe', '#1f6febff', '#fff', 'blue', '#1f6feb;', 'url(x)', ' #1f6feb'])('refuses %s', (text) => {
    expect(problemsOf({ AUTHSVC_ACCENT_COLOR: text })).toEqual([
      `AUTHSVC_ACCENT_COLOR must be a colour such as #1f6feb, # and six hexadecimal digits, not "${text}"`,
    ]);
  });
});

describe('findPagesUrl', () => {
  const publicUrl = new URL('https://app.example.com/auth');
  const ownUrl = 'http://127.0.0.1:4100';

  it('is the public URL, or where the service listens if it has none', () => {
    expect(findPagesUrl({ pages: 'on', publicUrl }, ownUrl)).toEqual(publicUrl);
    expect(findPagesUrl({ pages: 'on', publicUrl: undefined }, ownUrl)).toEqual(new URL(ownUrl));
  });

  it("is the application's own address where it has pages", () => {
    const pages = new URL('https://app.example.com/account');
    expect(findPagesUrl({ pages, publicUrl }, ownUrl)).toEqual(pages);
  });

  it('is none where pages are off', () => {
    expect(findPagesUrl({ pages: 'off', publicUrl }, ownUrl)).toBeUndefined();
  });
});
