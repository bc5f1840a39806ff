import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { emailKey } from './account-index.ts';

describe('emailKey', () => {
  it.each([
    ['user@bücher.example', 'user@xn--bcher-kva.example'],
    ['USER@BÜCHER.example', 'user@xn--bcher-kva.example'],
    ['user@xn--BCHER-kva.example', 'user@xn--bcher-kva.example'],
    ['ada+x@straße.de', 'ada+x@xn--strae-oqa.de'],
    ['nothing', 'nothing'],
  ])('of %s is %s', (email, key) => {
    expect(emailKey(email)).toBe(key);
  });

  it('is that of the service, for every address that it accepts', async () => {
    const { keyOfEmail } = await import('@authsvc/core/testing');
    const letters = fc.constantFrom(...'abzABZ019-.äößÜéñçжд日本ıİſK');
    const address = fc.tuple(
      fc.string({ unit: fc.constantFrom(...'aZ9+_'), minLength: 1, maxLength: 8 }),
      fc.string({ unit: letters, minLength: 1, maxLength: 12 }),
    );
    let accepted = 0;
    fc.assert(
      fc.property(address, ([local, domain]) => {
        const email = `${local}@${domain}.example`;
        let key: string;
        try {
          key = keyOfEmail(email);
        } catch {
          return;
        }
        accepted += 1;
        expect([email, emailKey(email)]).toEqual([email, key]);
      }),
      { numRuns: 500 },
    );
    expect(accepted).toBeGreaterThan(50);
  });
});
