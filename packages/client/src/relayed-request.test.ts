import { describe, expect, it } from 'vitest';
import { relayedHeaders } from './relayed-request.ts';

const names = ['session_id', '__Host-session_id'];
const secure = ['__Host-session_id'];

describe('the headers of a relayed request', () => {
  it('are the cookies that are asked for and no other, who asks, and from which page', () => {
    const headers = {
      host: 'app.example.com',
      cookie: 'a=1; session_id=token; session_idx=2; my_session_id=3; b=session_id=4',
      authorization: 'Bearer secret',
      origin: 'https://app.example.com',
      'sec-fetch-site': 'same-origin',
      'sec-fetch-mode': 'navigate',
      'user-agent': 'Firefox',
      'x-forwarded-for': '203.0.113.1',
      'x-forwarded-host': 'evil.example',
      'content-type': 'text/plain',
      'content-length': '3',
    };
    expect(relayedHeaders({ headers, socket: { remoteAddress: '192.0.2.1' } }, names)).toEqual({
      cookie: 'session_id=token',
      origin: 'https://app.example.com',
      'sec-fetch-site': 'same-origin',
      'user-agent': 'Firefox',
      'x-forwarded-for': '203.0.113.1, 192.0.2.1',
    });
  });

  it('are none of a request that has none', () => {
    expect(relayedHeaders({ headers: {} }, names)).toEqual({});
    expect(relayedHeaders({ headers: new Headers() }, names)).toEqual({});
  });

  it.each([
    ['both of two with one name', names, 'session_id=a; x=1; session_id=b', 'session_id=a; session_id=b'],
    [
      'both names where it is not known which',
      names,
      'session_id=a;__Host-session_id=b',
      'session_id=a; __Host-session_id=b',
    ],
    ['the one behind https alone', secure, 'session_id=a; __Host-session_id=b', '__Host-session_id=b'],
    ['no name in other letters', names, 'SESSION_ID=a', undefined],
    ['no empty one', names, 'session_id=; session_id', undefined],
    ['none that is no token', names, 'session_id="a"; session_id=a b; session_id=a,b; session_id=ä', undefined],
    ['none with a line break', names, 'session_id=a\r\nx-forwarded-for: 1', undefined],
  ])('pass on %s', (_what, cookieNames, cookie, expected) => {
    expect(relayedHeaders({ headers: { cookie } }, cookieNames).cookie).toBe(expected);
  });

  it('join a header that came several times', () => {
    const headers = { cookie: ['session_id=a', 'session_id=b'], 'x-forwarded-for': ['192.0.2.1', '192.0.2.2'] };
    expect(relayedHeaders({ headers }, names)).toEqual({
      cookie: 'session_id=a; session_id=b',
      'x-forwarded-for': '192.0.2.1, 192.0.2.2',
    });
  });

  it('are found in a record whose names are in capitals', () => {
    const headers = { Cookie: 'session_id=a', 'Sec-Fetch-Site': 'cross-site' };
    expect(relayedHeaders({ headers }, names)).toEqual({ cookie: 'session_id=a', 'sec-fetch-site': 'cross-site' });
  });

  it('are read from a record that has a header of the name "get"', () => {
    expect(relayedHeaders({ headers: { get: 'x', cookie: 'session_id=a' } }, names)).toEqual({
      cookie: 'session_id=a',
    });
  });

  it('take the peer that is named before that of the socket', () => {
    const request = { headers: {}, socket: { remoteAddress: '127.0.0.1' } };
    expect(relayedHeaders(request, names, { peer: '2001:db8::1' })).toEqual({ 'x-forwarded-for': '2001:db8::1' });
  });

  it.each(['192.0.2.1, 127.0.0.1', '192.0.2.1\r\nx: y', 'localhost', ''])('refuse the peer %j', (peer) => {
    expect(() => relayedHeaders({ headers: {} }, names, { peer })).toThrow(TypeError);
  });

  it.each([
    ['headers alone', { cookie: 'session_id=a' }],
    ['null', { headers: null }],
  ])('refuse what is no request: %s', (_what, request) => {
    expect(() => relayedHeaders(request as never, names)).toThrow('it has no headers');
  });
});
