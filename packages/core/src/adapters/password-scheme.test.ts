import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { runs } from '../../../../test/property-settings.ts';
import { hashCost, hashPassword, problemWithHash, verifyPassword } from './password-scheme.ts';

/** The lowest that bcrypt knows: these facts are about bytes, not about time. */
const COST = 4;

describe('hashPassword', () => {
  it('keeps the plain form up to 72 bytes', () => {
    expect(hashPassword('p'.repeat(72), COST)).toMatch(/^\$2b\$04\$[./A-Za-z0-9]{53}$/);
  });

  it('tags what is longer, and hides which bytes it begins with', () => {
    expect(hashPassword('p'.repeat(73), COST)).toMatch(/^\{hmac-sha384\+bcrypt\}\$2b\$04\$[./A-Za-z0-9]{53}$/);
  });

  it('counts bytes, not characters', () => {
    expect(hashPassword('ü'.repeat(36), COST)).toMatch(/^\$2b\$/);
    expect(hashPassword('ü'.repeat(37), COST)).toMatch(/^\{hmac-sha384\+bcrypt\}/);
  });

  it('salts every hash', () => {
    expect(hashPassword('secure_password', COST)).not.toBe(hashPassword('secure_password', COST));
  });
});

describe('verifyPassword', () => {
  it.each([71, 72, 73, 74, 256])('tells passwords of %i bytes apart by their last byte', (length) => {
    const password = 'p'.repeat(length);
    const hash = hashPassword(password, COST);
    expect(verifyPassword(password, hash)).toBe(true);
    expect(verifyPassword(`${password.slice(0, -1)}q`, hash)).toBe(false);
    expect(verifyPassword(`${password}p`, hash)).toBe(false);
    expect(verifyPassword(password.slice(0, -1), hash)).toBe(false);
  });

  it.each([
    ['case', 'Secure_Password'],
    ['a space after', 'secure_password '],
    ['a NUL after', 'secure_password\0'],
    ['nothing', ''],
  ])('tells %s', (_what, other) => {
    expect(verifyPassword(other, hashPassword('secure_password', COST))).toBe(false);
  });

  it('reads on after a NUL', () => {
    const hash = hashPassword('before\0after', COST);
    expect(verifyPassword('before\0after', hash)).toBe(true);
    expect(verifyPassword('before\0other', hash)).toBe(false);
  });

  // Made by other systems: PHP's password_hash, Python's bcrypt, htpasswd.
  it.each(['$2a$', '$2b$', '$2y$'])('verifies a hash that begins %s', (tag) => {
    const imported = hashPassword('secure_password', COST).replace('$2b$', tag);
    expect(verifyPassword('secure_password', imported)).toBe(true);
    expect(verifyPassword('other_password', imported)).toBe(false);
  });

  it('does not take the condensed form of a long password for a password', () => {
    const long = 'p'.repeat(80);
    const tagged = hashPassword(long, COST);
    const plain = tagged.slice(tagged.indexOf('$'));
    expect(verifyPassword(long, tagged)).toBe(true);
    expect(verifyPassword(long, plain)).toBe(false);
  });

  it('matches a password with its own hash and no other', () => {
    const password = fc.string({ unit: 'grapheme', maxLength: 100 });
    fc.assert(
      fc.property(password, password, (one, other) => {
        const hash = hashPassword(one, COST);
        expect(verifyPassword(one, hash)).toBe(true);
        expect(verifyPassword(other, hash)).toBe(one === other);
      }),
      runs(100),
    );
  });
});

describe('hashCost', () => {
  it.each(['$2a$', '$2b$', '$2y$', '{hmac-sha384+bcrypt}$2b$'])('reads the cost of %s', (prefix) => {
    const digest = hashPassword('secure_password', COST).slice('$2b$04$'.length);
    expect(hashCost(`${prefix}12$${digest}`)).toBe(12);
  });
});

describe('problemWithHash', () => {
  const digest = '/'.repeat(53);
  const malformed = 'not a bcrypt hash ($2a$, $2b$ or $2y$)';

  it.each([
    [`$2a$04$${digest}`, undefined],
    [`$2b$12$${digest}`, undefined],
    [`$2y$16$${digest}`, undefined],
    [`{hmac-sha384+bcrypt}$2b$12$${digest}`, undefined],
    [`$2b$03$${digest}`, 'a bcrypt cost of 3 is outside 4 to 16'],
    [`$2b$17$${digest}`, 'a bcrypt cost of 17 is outside 4 to 16'],
    [`$2x$12$${digest}`, malformed],
    [`$2b$12$${digest}/`, malformed],
    [`$2b$12$${digest}\n`, malformed],
    [`$2b$12$${digest.slice(1)}`, malformed],
    [`$2b$12${'{hmac-sha384+bcrypt}'}$${digest}`, malformed],
    ['$argon2id$v=19$m=65536,t=3,p=4$c2FsdA$aGFzaA', malformed],
    ['secure_password', malformed],
    ['', malformed],
  ])('says of %j: %s', (hash, problem) => {
    expect(problemWithHash(hash)).toBe(problem);
  });
});
