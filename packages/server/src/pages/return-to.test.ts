import { describe, expect, it } from 'vitest';
import { createNamedOrigins } from '../http/origins.ts';
import { hostileReturns, legitimateReturns } from '../testing/hostile-returns.ts';
import { createReturnTo } from './return-to.ts';

function readerFor(publicUrl: URL | undefined, origins: readonly string[] = []) {
  const read = createReturnTo(publicUrl, createNamedOrigins(publicUrl, origins));
  return (text: unknown) => read({ return_to: text })?.location;
}
const published = readerFor(new URL('https://app.example.com/auth'), [
  'https://shop.example.com',
  'http://partner.example:8080',
]);
const local = readerFor(undefined);

/** Where a browser ends up that gets this `Location` from our login. */
const arrivesAt = (location: string, page: string) => new URL(location, page).origin;

describe('return_to', () => {
  it('has a corpus of 200 hostile spellings', () => {
    expect(new Set(hostileReturns).size).toBeGreaterThanOrEqual(200);
  });

  it.each(hostileReturns)('leads nowhere as %j', (text) => {
    expect(published(text)).toBeUndefined();
  });

  // Here some of them are spellings of this machine, which is trusted.
  it.each(hostileReturns)('leads to no other machine as %j, without a public URL', (text) => {
    const location = local(text) ?? 'account';
    expect(arrivesAt(location, 'http://localhost:4100/login')).toMatch(/^https?:\/\/(localhost|127\.0\.0\.1)(:\d+)?$/);
  });

  it.each(legitimateReturns)('leads back as %j', (text, location) => {
    expect(published(text)).toBe(location);
  });

  it.each([
    ['/orders?id=1', '/orders?id=1'],
    ['/a/../b', '/b'],
    ['http://localhost:5173/app', 'http://localhost:5173/app'],
    ['http://127.0.0.1:3000', 'http://127.0.0.1:3000/'],
    ['https://localhost:8443/x', 'https://localhost:8443/x'],
  ])('leads back to this machine as %j, without a public URL', (text, location) => {
    expect(local(text)).toBe(location);
  });

  it.each([[undefined], [['/a', '/b']], [{}], [1]])('leads nowhere if it is no text, as %j', (value) => {
    expect(local(value)).toBeUndefined();
  });

  // No policy can name one, so that the form would be stuck.
  it('leads to no IPv6 address', () => {
    expect(local('http://[::1]:5173/')).toBeUndefined();
  });
});
