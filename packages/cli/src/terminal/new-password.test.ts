import { describe, expect, it } from 'vitest';
import { findWeakness, readMinLength } from './new-password.ts';

describe('findWeakness', () => {
  it.each([
    ['1234567', 'Too short: a password has at least 8 characters'],
    ['🔑🔒🔓🔐🗝🧿🪬', 'Too short: a password has at least 8 characters'],
    ['p'.repeat(257), 'Too long: a password has at most 256 characters'],
    ['Lovelace@Example.com', 'Too easy to guess: it is the email address, or the part before the @'],
    ['LOVELACE', 'Too easy to guess: it is the email address, or the part before the @'],
  ])('says what is weak in %s', (password, reason) => {
    expect(findWeakness(password, 'lovelace@example.com', 8)).toBe(reason);
  });

  it.each(['12345678', '🔑🔒🔓🔐🗝🧿🪬🛡', 'lovelace1', ' '.repeat(8)])(
    'leaves the rest to the service: %s',
    (password) => {
      expect(findWeakness(password, 'lovelace@example.com', 8)).toBeUndefined();
    },
  );
});

describe('readMinLength', () => {
  it('takes the setting of the service where it is known, otherwise its default', () => {
    expect(
      [{ AUTHSVC_PASSWORD_MIN_LENGTH: '5' }, { AUTHSVC_PASSWORD_MIN_LENGTH: 'many' }, {}].map(readMinLength),
    ).toEqual([5, 8, 8]);
  });
});
