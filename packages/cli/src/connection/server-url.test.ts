import { describe, expect, it } from 'vitest';
import { assertSafeForSecrets, isLoopback, parseServerUrl } from './server-url.ts';

describe('parseServerUrl', () => {
  it.each([
    ['http://127.0.0.1:4100', 'http://127.0.0.1:4100'],
    ['http://127.0.0.1:4100/', 'http://127.0.0.1:4100'],
    ['HTTPS://Auth.Example.com:443', 'https://auth.example.com'],
    ['http://[::1]:4100', 'http://[::1]:4100'],
    ['https://app.example.com/auth', 'https://app.example.com/auth'],
    ['https://app.example.com/auth/', 'https://app.example.com/auth'],
  ])('reads %s', (text, origin) => {
    expect(parseServerUrl(text, '--url')).toBe(origin);
  });

  it.each([
    '',
    '127.0.0.1:4100',
    'localhost:4100',
    'ftp://example.com',
    'http://ada:secret@example.com',
    'http://example.com/auth?a=b',
    'http://example.com/?a=b',
    'http://example.com/#a',
    'http://',
  ])('refuses "%s" and names the option', (text) => {
    expect(() => parseServerUrl(text, '--url')).toThrow(
      expect.objectContaining({ status: 2, code: 'usage', message: '--url is not the address of a server' }),
    );
  });
});

describe('isLoopback', () => {
  it.each([
    'http://127.0.0.1',
    'http://127.1.2.3:80',
    'http://localhost:4100',
    'http://LOCALHOST:8080',
    'http://localhost.:8080',
    'http://[::1]:4100',
    'http://0x7f.1',
  ])('knows %s as this machine', (server) => {
    expect(isLoopback(server)).toBe(true);
  });

  it.each(['http://example.com', 'http://127.0.0.1.example.com', 'http://localhost.example.com', 'http://10.0.0.1'])(
    'takes %s for another machine',
    (server) => {
      expect(isLoopback(server)).toBe(false);
    },
  );
});

describe('assertSafeForSecrets', () => {
  it('admits https anywhere and http to this machine', () => {
    assertSafeForSecrets('https://example.com', false);
    assertSafeForSecrets('http://localhost:4100', false);
  });

  it('refuses http to another machine without --insecure-http', () => {
    assertSafeForSecrets('http://example.com', true);
    expect(() => assertSafeForSecrets('http://example.com', false)).toThrow(
      expect.objectContaining({ status: 2, code: 'insecure_url' }),
    );
  });
});
