import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { runs } from '../../../test/property-settings.ts';
import { isLoopback, networkOf, unmapAddress } from './requester.ts';

const RUNS = 500;

/** An IPv4 address as its IPv6 form is written in hexadecimal. */
function inHex(address: string): string {
  const [a = 0, b = 0, c = 0, d = 0] = address.split('.').map(Number);
  return `::ffff:${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}`;
}

describe('networkOf', () => {
  it('counts an IPv4 address and each of its IPv6 forms as one place', () => {
    fc.assert(
      fc.property(fc.ipV4(), (address) => {
        const forms = [`::ffff:${address}`, inHex(address), `0:0:0:0:0:ffff:${address}`, `::FFFF:${address}%eth0`];
        expect(new Set(forms.map(networkOf))).toEqual(new Set([address]));
      }),
      runs(RUNS),
    );
  });

  it.each([
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:DB8:01:2::', '2001:db8:1:2::/64'],
    ['2001:db8::7', '2001:db8:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['64:ff9b::203.0.113.9', '64:ff9b:0:0::/64'],
    ['::203.0.113.9', '0:0:0:0::/64'],
  ])('counts %s with its /64', (address, network) => {
    expect(networkOf(address)).toBe(network);
  });
});

describe('unmapAddress', () => {
  it.each(['203.0.113.9', '2001:db8::7', '::1', '::fffe:cb00:7109', '1::ffff:cb00:7109'])(
    'leaves %s as it is',
    (address) => {
      expect(unmapAddress(address)).toBe(address);
    },
  );
});

describe('isLoopback', () => {
  it.each([
    ['127.0.0.1', true],
    ['127.8.8.8', true],
    ['::1', true],
    ['::ffff:127.0.0.1', true],
    ['::ffff:7f00:1', true],
    ['128.0.0.1', false],
    ['0:0:0:0:0:0:0:1', true],
    ['::2', false],
    ['::ffff:8000:1', false],
    ['unknown', false],
    ['127.example.com', false],
    ['127.0.0.1.example.com', false],
    ['127.', false],
  ])('of %s is %s', (address, expected) => {
    expect(isLoopback(address)).toBe(expected);
  });
});
