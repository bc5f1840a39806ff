import type { NoticeMail } from '@authsvc/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { wordsIn } from '../../../../test/shell-words.ts';
import { writeMail } from './write-mail.ts';

const resetToken = 'a4d19e2f-88f1-4bc4-89f7-7d39b98a3d44';
const style = { productName: 'Ada & Söhne <3', accentColor: '#aa3300' };
const pagesUrl = new URL('https://app.example.com/auth');
const mailTo = (to: string, expiresInMs = 1_800_000) =>
  ({ kind: 'reset', to, token: resetToken, expiresInMs }) as const;

describe('a mail', () => {
  const to = "o'brien&sons+tag@example.com";
  const link = `https://app.example.com/auth/reset?email=o%27brien%26sons%2Btag%40example.com&token=${resetToken}`;

  it('links to the page, with the token for those who type it', () => {
    const { text, ...mail } = writeMail(mailTo(to), style, pagesUrl);
    expect(mail).toMatchObject({ to, subject: 'Reset your Ada & Söhne <3 password' });
    expect(text).toBe(`Someone, most likely you, asked to reset the password of ${to} at Ada & Söhne <3.

To choose a new password, open this page:

${link}

Or enter this token where you are asked for one:

    ${resetToken}

The link and the token work once, for the next 30 minutes.

If it was not you, do nothing: your password stays as it is.
`);
  });

  it('says the same in HTML, where everything from outside is escaped', () => {
    const { html } = writeMail(mailTo(to), style, pagesUrl);
    expect(html).toContain(`href="${link.replace('&', '&amp;')}"`);
    expect(html).toContain(`>${resetToken}</p>`);
    expect(html).toContain('o&#39;brien&amp;sons+tag@example.com at Ada &amp; Söhne &lt;3.');
    expect(html).toContain('background:#aa3300');
    expect(html).not.toContain('Söhne <3');
  });

  it('loads nothing from elsewhere, and links to the page alone', () => {
    for (const pages of [pagesUrl, undefined]) {
      const { html } = writeMail(mailTo(to), style, pages);
      expect(html).not.toMatch(/<(img|link|script|iframe|object|form|base)\b|\bsrc=|url\(|@import|@font-face/i);
      const addresses = [...html.matchAll(/[a-z]+:\/\/[^"<\s]+/g)].map(([address]) => address);
      expect(addresses).toEqual(pages ? [link.replace('&', '&amp;')] : []);
    }
  });

  it.each([
    ['registration', 'verify', '', 'verify', '--token-stdin'],
    ['email_change', 'verify', '&for=email_change', 'verify', '--token-stdin'],
    ['invitation', 'invitation', '', 'register', '--invitation-stdin'],
  ] as const)('of the kind %s links to /%s, or names the command', (kind, path, more, command, option) => {
    const mail = { kind, to: 'ada@example.com', token: resetToken, expiresInMs: 86_400_000 } as const;
    const linked = writeMail(mail, style, pagesUrl);
    const address = `https://app.example.com/auth/${path}?email=ada%40example.com&token=${resetToken}${more}`;
    expect(linked.text).toContain(`\n\n${address}\n\n`);
    expect(linked.html).toContain(`href="${address.replaceAll('&', '&amp;')}"`);
    expect(linked.text).toContain('work once, for the next 1 day.');
    const typed = writeMail(mail, style, undefined);
    expect(typed.text).toContain(`\n\n    authsvc ${command} --email ada@example.com ${option}\n\n`);
    expect(typed.text).not.toContain('https:');
    for (const { text, html } of [linked, typed]) {
      expect(text).toContain(resetToken);
      expect(html).toContain(`>${resetToken}</p>`);
    }
  });

  it('about an account that is there already leads to a reset, and has no token', () => {
    const mail = { kind: 'account_exists', to: 'ada@example.com' } as const;
    expect(writeMail(mail, style, pagesUrl).text).toContain(
      '\n\nhttps://app.example.com/auth/reset?email=ada%40example.com\n\n',
    );
    expect(writeMail(mail, style, undefined).text).toContain('\n\n    authsvc reset --email ada@example.com\n\n');
  });

  it('names the command where there are no pages', () => {
    const { text, html } = writeMail(mailTo('ada@example.com', 60_000), style, undefined);
    expect(text).toBe(`Someone, most likely you, asked to reset the password of ada@example.com at Ada & Söhne <3.

Your reset token:

    ${resetToken}

It works once, for the next 1 minute. Enter it where you are asked for one, or in a terminal:

    authsvc reset --email ada@example.com --token-stdin

If it was not you, do nothing: your password stays as it is.
`);
    expect(html).toContain(`>${resetToken}</p>`);
    expect(html).toContain('>authsvc reset --email ada@example.com --token-stdin</p>');
  });
});

describe('a notice', () => {
  const notice = (kind: NoticeMail['kind'], more: Partial<NoticeMail> = {}): NoticeMail => ({
    kind,
    to: 'ada@example.com',
    token: resetToken,
    expiresInMs: 72 * 3_600_000,
    at: Date.UTC(2030, 0, 2, 15, 4),
    address: '192.0.2.7',
    userAgent: 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0',
    ...more,
  });
  const link = `https://app.example.com/auth/not-me?token=${resetToken}`;

  it('says what, when, from where, and what to do', () => {
    const { subject, text, html } = writeMail(notice('login_notice'), style, pagesUrl);
    expect(subject).toBe('New login to your Ada & Söhne <3 account');
    expect(
      text,
    ).toBe(`Someone, most likely you, logged in to Ada & Söhne <3 as ada@example.com, with a browser and from a network that are new to this account.

When: January 2, 2030 at 15:04 UTC
From: 192.0.2.7, Firefox on Linux

If it was not you, open this page and say so. Everyone is then logged out, and your account is locked until you choose a new password by mail:

${link}

Or enter this token where you are asked for one:

    ${resetToken}

The link and the token work once, for the next 3 days.

If it was you, there is nothing to do.
`);
    expect(html).toContain(`href="${link}"`);
    expect(html).toContain('>It was not me</a>');
    expect(html).toContain('>From: 192.0.2.7, Firefox on Linux</p>');
  });

  it.each([
    'login_notice',
    'wrong_codes',
    'password_changed',
    'email_change_notice',
    'email_changed',
    'factor_enabled',
    'factor_disabled',
    'recovery_codes_renewed',
    'recovery_code_used',
  ] as const)('of the kind %s has its own words, and none that a stranger chose', (kind) => {
    const userAgent = 'Visit evil.example <b>now</b> curl/8';
    for (const pages of [pagesUrl, undefined]) {
      const { subject, text, html } = writeMail(notice(kind, { userAgent }), style, pages);
      expect(subject).toContain('Ada & Söhne <3');
      for (const body of [text, html]) {
        expect(body).not.toContain('evil');
        expect(body).toContain('From: 192.0.2.7, ');
        expect(body).toContain(resetToken);
        expect([...new Set(body.match(/https?:[^\s"<]+/g))]).toEqual(pages ? [link] : []);
      }
    }
  });

  it('leaves out where it came from if that is not known, and counts late hours as they are', () => {
    const late = { address: undefined, userAgent: undefined, expiresInMs: 70.4 * 3_600_000 };
    const { text } = writeMail(notice('password_changed', late), style, pagesUrl);
    expect(text).not.toContain('From:');
    expect(text).toContain('for the next 70 hours.');
  });

  it('names the command that takes the account back where there are no pages', () => {
    const { text } = writeMail(notice('factor_disabled'), style, undefined);
    expect(text).toContain(
      `this token takes your account back:\n\n    ${resetToken}\n\nIt works once, for the next 3 days.`,
    );
    expect(text).toContain('in a terminal:\n\n    authsvc not-me --token-stdin\n\n');
  });
});

describe('the command in a mail', () => {
  const localPart = fc.string({
    unit: fc.constantFrom(...'`$', ...`{}'!#&|*?=^~-%+/_aZ9`),
    minLength: 1,
    maxLength: 20,
  });
  const readers = fc.array(
    localPart.map((local) => `${local}@bücher.example`),
    { minLength: 30, maxLength: 60 },
  );

  it('names its reader, and runs nothing else, in both forms', () => {
    fc.assert(
      fc.property(readers, (addresses) => {
        const mails = addresses.map((to) => writeMail(mailTo(to), style, undefined));
        const inTexts = mails.map(({ text }) => /^ {4}(authsvc .*)$/m.exec(text)?.[1] ?? '');
        const inHtml = mails.map(({ html }) => unescapeHtml(/>(authsvc .*)<\/p>/.exec(html)?.[1] ?? ''));
        expect(inHtml).toEqual(inTexts);
        const option = (to: string) => (to.startsWith('-') ? [`--email=${to}`] : ['--email', to]);
        expect(wordsIn(inTexts)).toEqual(addresses.map((to) => ['reset', ...option(to), '--token-stdin']));
      }),
      { numRuns: 3 },
    );
  });
});

const entities: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'" };

function unescapeHtml(html: string): string {
  return html.replace(/&(#?\w+);/g, (_, name: string) => entities[name] ?? '');
}
