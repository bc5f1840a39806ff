import { describe, expect, it } from 'vitest';
import { createOwnHosts } from './hosts.ts';

describe('the address at which a connection arrived', () => {
  const names = createOwnHosts(new URL('https://auth.example.com'));
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

describe('a name of AUTHSVC_ALLOWED_HOSTS', () => {
  const names = createOwnHosts(new URL('https://auth.example.com'), ['authsvc', 'localhost', '[fd00::5]']);
  names.listensOn(4100);

  it.each(['authsvc', 'AuthSvc:8080', 'localhost:8080', '[fd00::5]:1'])('is ours by any port: %s', (host) => {
    expect(names.isOwnHost(host)).toBe(true);
  });

  it.each(['authsvc:99999', 'authsvc:', 'authsvc.evil.example', 'fd00::5', '127.0.0.1:8080'])('is not %s', (host) => {
    expect(names.isOwnHost(host)).toBe(false);
  });
});
