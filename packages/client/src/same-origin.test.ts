import { describe, expect, it } from 'vitest';
import { createAuthsvc } from './authsvc.ts';
import { CrossOriginError } from './same-origin.ts';

const authsvc = createAuthsvc({ url: 'http://127.0.0.1:4100', publicUrl: 'http://localhost:8080/auth' });
const inDevelopment = createAuthsvc({ url: 'http://127.0.0.1:4100' });
const post = (headers: Readonly<Record<string, string | readonly string[]>>) => ({ method: 'POST', headers });

describe('assertSameOrigin', () => {
  it.each([
    ['its own page', { 'sec-fetch-site': 'same-origin', origin: 'http://localhost:8080' }],
    ['its own page in an older browser', { origin: 'http://localhost:8080' }],
    ['its own page that hides its origin', { 'sec-fetch-site': 'same-origin', origin: 'null' }],
    ['no browser', {}],
    ['a bookmark', { 'sec-fetch-site': 'none' }],
  ])('lets %s through', (_what, headers) => {
    expect(() => authsvc.assertSameOrigin(post(headers))).not.toThrow();
    expect(() => authsvc.assertSameOrigin({ method: 'POST', headers: new Headers(headers) })).not.toThrow();
  });

  it.each([
    ['another site', { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' }],
    ['a sibling subdomain', { 'sec-fetch-site': 'same-site', origin: 'http://evil.localhost:8080' }],
    ['another port in an older browser', { origin: 'http://localhost:9999' }],
    ['https where the public URL is http', { origin: 'https://localhost:8080' }],
    ['a hidden origin in an older browser', { origin: 'null' }],
    ['a site that is not known', { 'sec-fetch-site': 'same-origin, cross-site' }],
    ['names in capitals', { Origin: 'https://evil.example' }],
  ])('refuses %s', (_what, headers) => {
    expect(() => authsvc.assertSameOrigin(post(headers))).toThrow(CrossOriginError);
    expect(() => authsvc.assertSameOrigin({ method: 'POST', headers: new Headers(headers) })).toThrow(CrossOriginError);
  });

  it('refuses a site that was sent twice', () => {
    const request = post({ 'sec-fetch-site': ['same-origin', 'cross-site'] });
    expect(() => authsvc.assertSameOrigin(request)).toThrow(CrossOriginError);
  });

  it.each(['GET', 'HEAD', 'OPTIONS', 'get'])('lets every %s through', (method) => {
    const headers = { 'sec-fetch-site': 'cross-site' };
    expect(() => authsvc.assertSameOrigin({ method, headers })).not.toThrow();
  });

  it('takes a request without a method for one that changes something', () => {
    const headers = { 'sec-fetch-site': 'cross-site' };
    expect(() => authsvc.assertSameOrigin({ headers })).toThrow(CrossOriginError);
  });

  it.each([
    ['Host', { headers: { host: 'LOCALHOST:3000', origin: 'http://localhost:3000' } }],
    ['HTTP/2', { headers: { ':authority': 'localhost:3000', origin: 'http://localhost:3000' } }],
    [
      'the address of a web Request',
      { url: 'http://localhost:3000/notes', headers: new Headers({ origin: 'http://localhost:3000' }) },
    ],
  ])('compares the origin with the host of %s in development', (_what, request) => {
    expect(() => inDevelopment.assertSameOrigin({ method: 'POST', ...request })).not.toThrow();
    const headers = { ...Object.fromEntries(Object.entries(request.headers)), origin: 'http://localhost:9999' };
    expect(() => inDevelopment.assertSameOrigin({ method: 'POST', ...request, headers })).toThrow(CrossOriginError);
  });

  it('refuses a request that names no host', () => {
    expect(() => inDevelopment.assertSameOrigin(post({ origin: 'http://localhost:3000' }))).toThrow(CrossOriginError);
  });

  it('says with which status to answer', () => {
    expect(new CrossOriginError('no')).toMatchObject({ name: 'CrossOriginError', statusCode: 403 });
  });
});
