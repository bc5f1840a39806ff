import { describe, expect, it } from 'vitest';
import { cookieHeader, deviceCookieHeader, isTokenText, readDeviceToken, readSessionCookie } from './session-cookie.ts';

describe('readSessionCookie', () => {
  it('finds the token, the name and the lifetime among other cookies', () => {
    const headers = ['theme=dark; Path=/', 'session_id=abc_-9; Max-Age=2592000; Path=/; HttpOnly; SameSite=Lax'];
    expect(readSessionCookie(headers)).toEqual({ cookie: 'session_id', token: 'abc_-9', lifetimeSeconds: 2_592_000 });
  });

  it('knows the prefixed name, and a cookie that does not say how long it lives', () => {
    expect(readSessionCookie(['__Host-session_id=abc; Path=/; Secure'])).toEqual({
      cookie: '__Host-session_id',
      token: 'abc',
      lifetimeSeconds: undefined,
    });
  });

  it.each([[[]], [['session_id=; Max-Age=0']], [['my_session_id=abc']], [['session_id=a b']]])(
    'finds none in %j',
    (headers) => {
      expect(readSessionCookie(headers)).toBeUndefined();
    },
  );
});

describe('the cookies of a login', () => {
  const headers = ['session_id=abc; Path=/', 'authsvc_device=def; Max-Age=15552000; Path=/; HttpOnly'];

  it('are read by their names, whichever comes first', () => {
    for (const both of [headers, headers.toReversed()]) {
      expect(readSessionCookie(both)?.token).toBe('abc');
      expect(readDeviceToken(both)).toBe('def');
    }
    expect(readDeviceToken(['__Host-authsvc_device=ghi; Path=/; Secure'])).toBe('ghi');
  });

  it('may lack the one of the device, as from a service of an earlier version', () => {
    expect(readDeviceToken(headers.slice(0, 1))).toBeUndefined();
    expect(readSessionCookie(headers.slice(1))).toBeUndefined();
  });

  it('go back under both names of the device', () => {
    expect(deviceCookieHeader('def')).toBe('authsvc_device=def; __Host-authsvc_device=def');
  });
});

describe('cookieHeader', () => {
  it('carries the name that the session was given under', () => {
    expect(cookieHeader('abc', '__Host-session_id')).toBe('__Host-session_id=abc');
  });

  it('carries both names where the right one is not known', () => {
    expect(cookieHeader('abc')).toBe('session_id=abc; __Host-session_id=abc');
  });
});

describe('isTokenText', () => {
  it.each(['', 'a b', 'a;b', 'a\r\nCookie: b', 'a"b', 'ä'])('refuses "%s"', (text) => {
    expect(isTokenText(text)).toBe(false);
  });

  it('admits base64url', () => {
    expect(isTokenText('wJalrXUtnFEMI_K7MDENG-bPxRfiCYEXAMPLEKEY01')).toBe(true);
  });
});
