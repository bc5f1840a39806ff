import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { runs } from '../../../../test/property-settings.ts';
import { readClientAddress } from './proxies.ts';

const RUNS = 500;
const port = fc.integer({ min: 1, max: 65_535 });
const blanks = fc.constantFrom('', ' ', '  ', '\t');

/** How an IPv4 address is written in IPv6. */
function mappedForms(address: string): string[] {
  const hex = address.split('.').map((part) => Number(part).toString(16).padStart(2, '0'));
  const groups = `${hex[0]}${hex[1]}:${hex[2]}${hex[3]}`;
  return [
    `::ffff:${address}`,
    `::FFFF:${groups}`,
    `::ffff:${groups}`,
    `0:0:0:0:0:ffff:${groups}`,
    `0000::ffff:${address}`,
  ];
}

describe('readClientAddress', () => {
  it('reads an IPv4 address in every form in which proxies write it', () => {
    const written = fc.tuple(fc.ipV4(), port, blanks).chain(([address, number, blank]) => {
      const inBrackets = mappedForms(address).flatMap((form) => [form, `[${form}]`, `[${form}]:${number}`]);
      const forms = [address, `${address}:${number}`, ...inBrackets].flatMap((form) => [form, `"${form}"`]);
      return fc.constantFrom(...forms).map((form) => ({ address, form: `${blank}${form}${blank}` }));
    });
    fc.assert(
      fc.property(written, ({ address, form }) => {
        expect(readClientAddress(form)).toBe(address);
      }),
      runs(RUNS),
    );
  });

  it('reads an IPv6 address in every form in which proxies write it', () => {
    const beyondMapped = fc.ipV6().filter((address) => !/[.]|^::ffff:/i.test(address));
    const written = fc.tuple(beyondMapped, port, blanks).chain(([address, number, blank]) => {
      const zoned = `${address}%eth0`;
      const forms = [address, zoned].flatMap((form) => [
        form,
        `[${form}]`,
        `[${form}]:${number}`,
        `"[${form}]:${number}"`,
      ]);
      return fc.constantFrom(...forms).map((form) => ({ address, form: `${blank}${form}${blank}` }));
    });
    fc.assert(
      fc.property(written, ({ address, form }) => {
        expect(readClientAddress(form)).toBe(address);
      }),
      runs(RUNS),
    );
  });

  it.each([
    undefined,
    '',
    'unknown',
    '_hidden',
    'localhost',
    '203.0.113',
    '203.0.113.256',
    '203.0.113.9:',
    '[203.0.113.9',
    '[2001:db8::7',
    '2001:db8::7]:4711',
    'for=203.0.113.9',
    '203.0.113.9 198.51.100.7',
    '%eth0',
  ])('takes %j for no address', (text) => {
    expect(readClientAddress(text)).toBeUndefined();
  });

  it('keeps nothing of a zone, which can hold anything', () => {
    expect(readClientAddress('fe80::1%\u001b[31m')).toBe('fe80::1');
  });
});
