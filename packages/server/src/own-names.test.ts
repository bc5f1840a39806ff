import { describe, expect, it } from 'vitest';
import { createOwnNames } from './own-names.ts';

describe('the address at which a connection arrived', () => {
  const names = createOwnNames(new URL('https://auth.example.com'));
  names.listensOn(4100);

  it.each([
    ['10.1.2.3:4100', '10.1.2.3'],
    ['10.1.2.3:4100', '::ffff:10.1.2.3'],
    ['[fd00::5]:4100', 'fd00::5'],
    ['[FD00::5]:4100', 'fd00::5'],
  ])('is ours as %s at %s', (host, localAddress) => {
    expect(names.isOwnHost(host, { localAddress })).toBe(true);
  });

  it.each([
    ['10.1.2.4:4100', '10.1.2.3'],
    ['10.1.2.3:4101', '10.1.2.3'],
    ['10.1.2.3.evil.example:4100', '10.1.2.3'],
    ['', ''],
    [':4100', ''],
    ['evil.example:4100', undefined],
  ])('is not %s at %s', (host, localAddress) => {
    expect(names.isOwnHost(host, { ...(localAddress !== undefined && { localAddress }) })).toBe(false);
  });
});
