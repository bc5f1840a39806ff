import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { wordsIn } from '../../../../test/shell-words.ts';
import { writeResetMail } from './reset-mail.ts';

const resetToken = 'a4d19e2f-88f1-4bc4-89f7-7d39b98a3d44';
const style = { productName: 'Ada & Söhne <3', accentColor: '#aa3300' };
const pagesUrl = new URL('https://app.example.com/auth');
const mailTo = (to: string, expiresInMs = 1_800_000) =>
  ({ kind: 'reset', to, token: resetToken, expiresInMs }) as const;

describe('writeResetMail', () => {
  const to = "o'brien&sons+tag@example.com";
  const link = `https://app.example.com/auth/reset?email=o%27brien%26sons%2Btag%40example.com&token=${resetToken}`;

  it('links to the page, with the token for those who type it', () => {
    const { text, ...mail } = writeResetMail(mailTo(to), style, pagesUrl);
    expect(mail).toMatchObject({ to, subject: 'Reset your Ada & Söhne <3 password' });
    expect(text).toBe(`Someone, most likely you, asked to reset the password of ${to} at Ada & Söhne <3.

To choose a new password, open this page:

${link}

Or enter this token where you asked for it:

    ${resetToken}

The link and the token work once, for the next 30 minutes.

If it was not you, do nothing: your password stays as it is.
`);
  });

  it('says the same in HTML, where everything from outside is escaped', () => {
    const { html } = writeResetMail(mailTo(to), style, pagesUrl);
    expect(html).toContain(`href="${link.replace('&', '&amp;')}"`);
    expect(html).toContain(`>${resetToken}</p>`);
    expect(html).toContain('o&#39;brien&amp;sons+tag@example.com at Ada &amp; Söhne &lt;3.');
    expect(html).toContain('background:#aa3300');
    expect(html).not.toContain('Söhne <3');
  });

  it('loads nothing from elsewhere, and links to the page alone', () => {
    for (const pages of [pagesUrl, undefined]) {
      const { html } = writeResetMail(mailTo(to), style, pages);
      expect(html).not.toMatch(/<(img|link|script|iframe|object|form|base)\b|\bsrc=|url\(|@import|@font-face/i);
      const addresses = [...html.matchAll(/[a-z]+:\/\/[^"<\s]+/g)].map(([address]) => address);
      expect(addresses).toEqual(pages ? [link.replace('&', '&amp;')] : []);
    }
  });

  it('names the command where there are no pages', () => {
    const { text, html } = writeResetMail(mailTo('ada@example.com', 60_000), style, undefined);
    expect(text).toBe(`Someone, most likely you, asked to reset the password of ada@example.com at Ada & Söhne <3.

Your reset token:

    ${resetToken}

It works once, for the next 1 minute. Enter it where you asked for it, or in a terminal:

    authsvc reset --email ada@example.com --token-stdin

If it was not you, do nothing: your password stays as it is.
`);
    expect(html).toContain(`>${resetToken}</p>`);
    expect(html).toContain('>authsvc reset --email ada@example.com --token-stdin</p>');
  });
});

describe('the command in a reset mail', () => {
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
        const mails = addresses.map((to) => writeResetMail(mailTo(to), style, undefined));
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
