import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { runs } from '../../../../test/property-settings.ts';
import { AuthError } from '../errors.ts';
import { parseEmail } from './email.ts';

const local64 = 'l'.repeat(64);
/** A domain name of exactly so many characters, in labels of at most 63. */
const domainOf = (length: number) => 'd'.repeat(length).replace(/d{62}d(?=d)/g, `${'d'.repeat(62)}.`);

describe('parseEmail', () => {
  it.each([
    ['user@example.com', 'user@example.com'],
    ['User.Name@Example.COM', 'user.name@example.com'],
    ['user+tag@example.com', 'user+tag@example.com'],
    ["o'brien@example.com", "o'brien@example.com"],
    ['100%@example.com', '100%@example.com'],
    ["!#$%&'*+/=?^_`{|}~-@example.com", "!#$%&'*+/=?^_`{|}~-@example.com"],
    ['user@localhost', 'user@localhost'],
    ['user@bücher.example', 'user@xn--bcher-kva.example'],
    ['user@BÜCHER.example', 'user@xn--bcher-kva.example'],
    ['user@bu\u0308cher.example', 'user@xn--bcher-kva.example'],
    ['user@xn--bcher-kva.example', 'user@xn--bcher-kva.example'],
    ['user@例え.テスト', 'user@xn--r8jz45g.xn--zckzah'],
    ['user@1.example', 'user@1.example'],
    [`${local64}@example.com`, `${local64}@example.com`],
    [`l@${'d'.repeat(63)}.com`, `l@${'d'.repeat(63)}.com`],
    [`${local64}@${domainOf(189)}`, `${local64}@${domainOf(189)}`],
  ])('reads %j, and compares it as %j', (input, key) => {
    expect(parseEmail(input)).toEqual({ address: input, key });
  });

  it.each([
    ['nothing', ''],
    ['no at sign', 'user.example.com'],
    ['no local part', '@example.com'],
    ['no domain', 'user@'],
    ['two at signs', 'user@host@example.com'],
    ['a space', 'us er@example.com'],
    ['a space before', ' user@example.com'],
    ['a line feed after', 'user@example.com\n'],
    ['a header in a new line', 'user@example.com\r\nBcc: other@example.com'],
    ['a line feed in the local part', 'us\ner@example.com'],
    ['a carriage return', 'user\r@example.com'],
    ['a NUL', 'user\0@example.com'],
    ['a NUL in the domain', 'user@example\0.com'],
    ['a quoted local part', '"user"@example.com'],
    ['a name beside the address', 'User <user@example.com>'],
    ['a comma', 'one@example.com,two@example.com'],
    ['a dot first', '.user@example.com'],
    ['a dot last', 'user.@example.com'],
    ['two dots', 'us..er@example.com'],
    ['letters beyond ASCII in the local part', 'üser@example.com'],
    ['the Kelvin sign, which lower case makes a k', '\u212Aate@example.com'],
    ['a dotted capital I', 'us\u0130r@example.com'],
    ['a percent sign in the domain', 'user@ex%61mple.com'],
    ['a slash in the domain', 'user@example.com/path'],
    ['a port', 'user@example.com:25'],
    ['an underscore in the domain', 'user@ex_ample.com'],
    ['a soft hyphen', 'user@exam\u00ADple.com'],
    ['a zero-width space', 'user@exam\u200Bple.com'],
    ['a right-to-left mark', 'user@exam\u200Fple.com'],
    ['an ideographic full stop', 'user@example\u3002com'],
    ['a lone surrogate in the domain', 'user@ex\uD800ample.com'],
    ['a lone surrogate in the local part', 'us\uDC00er@example.com'],
    ['an empty label', 'user@example..com'],
    ['an empty first label', 'user@.example.com'],
    ['a dot at the end', 'user@example.com.'],
    ['a hyphen at the start of a label', 'user@-example.com'],
    ['a hyphen at the end of a label', 'user@example-.com'],
    ['an IPv4 address', 'user@127.0.0.1'],
    ['an IPv4 address in hexadecimal', 'user@0x7f.1'],
    ['an IPv4 address as one number', 'user@2130706433'],
    ['an IPv4 address in other digits', 'user@１２７.0.0.1'],
    ['an IPv4 literal', 'user@[127.0.0.1]'],
    ['an IPv6 literal', 'user@[IPv6:::1]'],
    ['an IPv6 address', 'user@::1'],
    ['Punycode that is none', 'user@xn--\u00e4.com'],
    ['a local part of 65', `${local64}l@example.com`],
    ['a label of 64', `l@${'d'.repeat(64)}.com`],
    ['255 characters', `${local64}@${domainOf(190)}`],
    ['a domain whose ASCII form makes it 255', `${local64}@${'ü'.repeat(40)}.${'ü'.repeat(40)}.${domainOf(107)}`],
    ['311 characters whose ASCII form is shorter', `a@${`${'u\u0308'.repeat(25)}.`.repeat(6)}com`],
    ['SQL', "' OR 1=1--"],
  ])('refuses %s', (_what, input) => {
    expect(() => parseEmail(input)).toThrow(
      new AuthError('invalid_request', { field: 'email', message: 'email must be an email address' }),
    );
  });

  it('measures the limits as they are meant', () => {
    expect(`${local64}@${domainOf(189)}`).toHaveLength(254);
    expect(
      Math.max(
        ...domainOf(190)
          .split('.')
          .map((label) => label.length),
      ),
    ).toBe(62);
  });

  it('answers any text with an address that it reads again alike, or with a refusal', () => {
    const part = fc.oneof(fc.string({ unit: 'binary' }), fc.string({ unit: 'grapheme' }), fc.domain(), fc.ipV4());
    const anything = fc.oneof(
      part,
      fc.emailAddress(),
      fc.tuple(part, part).map(([local, domain]) => `${local}@${domain}`),
    );
    fc.assert(
      fc.property(anything, (input) => {
        let key: string;
        try {
          ({ key } = parseEmail(input));
        } catch (error) {
          expect(error).toBeInstanceOf(AuthError);
          return;
        }
        expect(key).toMatch(/^[!-~]{1,64}@[a-z0-9.-]+$/);
        expect(parseEmail(key)).toEqual({ address: key, key });
      }),
      runs(2000),
    );
  });
});
