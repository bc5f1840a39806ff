import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { runs } from '../../../../test/property-settings.ts';
import { adoptHash, exportedHash, hashCost, hashPassword, isForeign, verifyPassword } from './password-scheme.ts';

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

  it.each(['', '{bcrypt}'])('tells a password from the same one twice with a NUL between, hashed as %j', (tag) => {
    const hash = tag + hashPassword('secure_password', COST);
    expect(verifyPassword('secure_password', hash)).toBe(true);
    expect(verifyPassword('secure_password\0secure_password', hash)).toBe(false);
    expect(verifyPassword('secure_password\0', hash)).toBe(false);
    const twice = hashPassword('secure_password\0secure_password', COST);
    expect(verifyPassword('secure_password', twice)).toBe(false);
    expect(verifyPassword('secure_password\0secure_password', twice)).toBe(true);
  });

  it('takes NFC and NFD for one password where the hash is ours', () => {
    const hash = hashPassword('caf\u00e9 au lait', COST);
    for (const typed of ['caf\u00e9 au lait', 'cafe\u0301 au lait']) expect(verifyPassword(typed, hash)).toBe(true);
  });

  // Python's bcrypt refuses more than 72 bytes: of 80, an application hashed the first 72.
  it.each(['{bcrypt}$2a$', '{bcrypt}$2b$', '{bcrypt}$2y$', '$2a$', '$2y$'])(
    'reads the first 72 bytes, as typed, where a hash is from elsewhere: %s',
    (prefix) => {
      const foreign = (password: string) => hashPassword(password, COST).replace('$2b$', prefix);
      const long = 'p'.repeat(80);
      expect(verifyPassword(long, foreign(long.slice(0, 72)))).toBe(true);
      expect(verifyPassword('p'.repeat(71), foreign(long.slice(0, 72)))).toBe(false);
      expect(verifyPassword('cafe\u0301', foreign('cafe\u0301'))).toBe(true);
      expect(verifyPassword('caf\u00e9', foreign('cafe\u0301'))).toBe(false);
    },
  );

  // As if accounts of this service, whose hashes are of NFC, were exported and imported again.
  it.each(['{bcrypt}$2b$', '$2a$'])('takes NFD for NFC where a hash is from elsewhere, of NFC: %s', (prefix) => {
    const hash = hashPassword('caf\u00e9 au lait', COST).replace('$2b$', prefix);
    expect(verifyPassword('cafe\u0301 au lait', hash)).toBe(true);
    expect(verifyPassword('cafe\u0300 au lait', hash)).toBe(false);
  });

  it('reads every byte where a hash is ours, of a password as long as bcrypt reads', () => {
    expect(verifyPassword('p'.repeat(80), hashPassword('p'.repeat(72), COST))).toBe(false);
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
        const hash = hashPassword(one.normalize(), COST);
        expect(verifyPassword(one, hash)).toBe(true);
        expect(verifyPassword(other, hash)).toBe(one.normalize() === other.normalize());
      }),
      runs(100),
    );
  });
});

describe('hashCost', () => {
  it.each(['$2a$', '$2b$', '$2y$', '{bcrypt}$2b$', '{hmac-sha384+bcrypt}$2b$'])('reads the cost of %s', (prefix) => {
    const digest = hashPassword('secure_password', COST).slice('$2b$04$'.length);
    expect(hashCost(`${prefix}12$${digest}`)).toBe(12);
  });
});

describe('isForeign', () => {
  it.each([
    ['{bcrypt}$2b$', true],
    ['$2a$', true],
    ['$2y$', true],
    ['$2b$', false],
    ['{hmac-sha384+bcrypt}$2b$', false],
  ])('says of %s: %s', (prefix, expected) => {
    expect(isForeign(`${prefix}12$${'/'.repeat(53)}`)).toBe(expected);
  });
});

describe('adoptHash', () => {
  const digest = '/'.repeat(53);

  it.each([
    [`$2a$04$${digest}`, `{bcrypt}$2a$04$${digest}`],
    [`$2b$12$${digest}`, `{bcrypt}$2b$12$${digest}`],
    [`$2y$16$${digest}`, `{bcrypt}$2y$16$${digest}`],
    [`{bcrypt}$2b$12$${digest}`, `{bcrypt}$2b$12$${digest}`],
    [`bcrypt$$2b$12$${digest}`, `{bcrypt}$2b$12$${digest}`],
    [`{hmac-sha384+bcrypt}$2b$12$${digest}`, `{hmac-sha384+bcrypt}$2b$12$${digest}`],
  ])('takes in %j', (given, passwordHash) => {
    expect(adoptHash(given)).toEqual({ passwordHash });
  });

  const malformed = 'not a bcrypt hash ($2a$, $2b$ or $2y$)';

  it.each([
    [`$2b$03$${digest}`, 'a bcrypt cost of 3 is outside 4 to 16'],
    [`$2b$17$${digest}`, 'a bcrypt cost of 17 is outside 4 to 16'],
    [`$2x$12$${digest}`, malformed],
    [`$2b$12$${digest}/`, malformed],
    [`$2b$12$${digest}\n`, malformed],
    [`$2b$12$${digest.slice(1)}`, malformed],
    [`$2b$12${'{hmac-sha384+bcrypt}'}$${digest}`, malformed],
    [`{bcrypt}{hmac-sha384+bcrypt}$2b$12$${digest}`, malformed],
    [`bcrypt_sha256$$2b$12$${digest}`, malformed],
    ['$argon2id$v=19$m=65536,t=3,p=4$c2FsdA$aGFzaA', malformed],
    ['secure_password', malformed],
    ['', malformed],
  ])('says of %j: %s', (hash, problem) => {
    expect(adoptHash(hash)).toEqual({ problem });
  });
});

describe('exportedHash', () => {
  it.each(['$2a$', '$2b$', '$2y$', '{hmac-sha384+bcrypt}$2b$'])('gives back what was taken in: %s', (prefix) => {
    const given = `${prefix}12$${'/'.repeat(53)}`;
    const adopted = adoptHash(given);
    expect('passwordHash' in adopted && exportedHash(adopted.passwordHash)).toBe(given);
  });
});
