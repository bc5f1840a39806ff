import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { runs } from '../../../../test/property-settings.ts';
import { AuthError, type PasswordProblem } from '../errors.ts';
import { defaultPolicy } from '../testing/index.ts';
import { admitNewPassword, normalizePassword, PASSWORD_MAX_LENGTH } from './password-rules.ts';

const ports = {
  policy: defaultPolicy,
  commonPasswords: { includes: async (password: string) => password === 'password123' },
};
const admit = (password: string, emailKey = 'lovelace@example.com') => admitNewPassword(ports, password, emailKey);
const rejected = (passwordProblem: PasswordProblem, message: string, field = 'password') =>
  new AuthError('password_rejected', { field, passwordProblem, message });

describe('admitNewPassword', () => {
  it.each([
    ['8 characters', 'secure_p'],
    ['256 characters', 'p'.repeat(256)],
    ['8 code points of two UTF-16 units each', '🔑🔒🔓🔐🗝🧿🪬🛡'],
    ['256 code points of four bytes each', '🔑'.repeat(256)],
    ['spaces, before and after too', ' a b c d '],
    ['spaces alone', ' '.repeat(8)],
    ['a NUL', 'secure\0password'],
    ['a line feed', 'secure\npassword'],
    ['letters of one case', 'aaaaaaab'],
    ['the email with something added', 'lovelace@example.com1'],
  ])('admits %s as it is', async (_what, password) => {
    expect(await admit(password)).toBe(password);
  });

  it('admits in NFC, whose length is what counts', async () => {
    expect(await admit('secu\u0308re_p')).toBe('secüre_p');
    await expect(admit('secu\u0308re_')).rejects.toEqual(
      rejected('too_short', 'the password is too short: at least 8 characters'),
    );
  });

  it.each([
    ['7 characters', 'secure_', 'too_short', 'the password is too short: at least 8 characters'],
    ['nothing', '', 'too_short', 'the password is too short: at least 8 characters'],
    [
      '4 code points of two UTF-16 units each',
      '🔑🔒🔓🔐',
      'too_short',
      'the password is too short: at least 8 characters',
    ],
    ['257 characters', 'p'.repeat(257), 'too_long', 'the password is too long: at most 256 characters'],
    [
      'a lone high surrogate',
      'secure_\uD800password',
      'not_unicode',
      'the password contains characters that are not Unicode',
    ],
    [
      'a lone low surrogate',
      'secure_password\uDC00',
      'not_unicode',
      'the password contains characters that are not Unicode',
    ],
    [
      'the email',
      'lovelace@example.com',
      'own_email',
      'the password must not be the email address or the part before its @',
    ],
    ['the local part', 'LoveLace', 'own_email', 'the password must not be the email address or the part before its @'],
    [
      'the email in another case',
      'Lovelace@Example.COM',
      'own_email',
      'the password must not be the email address or the part before its @',
    ],
    [
      'a common password',
      'password123',
      'common',
      'the password is one of the most common ones, which are tried first',
    ],
    [
      'one in another case',
      'PassWord123',
      'common',
      'the password is one of the most common ones, which are tried first',
    ],
  ] as const)('refuses %s', async (_what, password, problem, message) => {
    await expect(admit(password)).rejects.toEqual(rejected(problem, message));
  });

  it('refuses the email in any form of its domain', async () => {
    const message = 'the password must not be the email address or the part before its @';
    for (const password of ['user@bücher.example', 'User@BU\u0308CHER.example', 'user@xn--bcher-kva.example']) {
      await expect(admit(password, 'user@xn--bcher-kva.example')).rejects.toEqual(rejected('own_email', message));
    }
  });

  it('obeys the minimum length it is given, and names the field it came in', async () => {
    const short = { ...ports, policy: { ...defaultPolicy, password: { minLength: 5 } } };
    expect(await admitNewPassword(short, 'b4l0u', 'user@example.com')).toBe('b4l0u');
    await expect(admitNewPassword(short, 'b4l0', 'user@example.com', 'new_password')).rejects.toEqual(
      rejected('too_short', 'the password is too short: at least 5 characters', 'new_password'),
    );
  });

  it('answers any text with its NFC, or with a reason', async () => {
    const anything = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 300 }),
      fc.string({ unit: 'grapheme', maxLength: 300 }),
      fc.array(fc.integer({ min: 0, max: 0xff_ff }), { maxLength: 300 }).map((units) => String.fromCharCode(...units)),
    );
    await fc.assert(
      fc.asyncProperty(anything, async (password) => {
        try {
          const admitted = await admit(password);
          expect(admitted).toBe(normalizePassword(password));
          expect([...admitted].length).toBeGreaterThanOrEqual(8);
          expect([...admitted].length).toBeLessThanOrEqual(PASSWORD_MAX_LENGTH);
        } catch (error) {
          expect(error).toMatchObject({ name: 'AuthError', code: 'password_rejected', field: 'password' });
        }
      }),
      runs(1000),
    );
  });
});

describe('normalizePassword', () => {
  it('makes one password of the same characters typed in two ways', () => {
    expect(normalizePassword('cafe\u0301')).toBe(normalizePassword('caf\u00E9'));
  });

  it('keeps case, spaces and compatibility forms', () => {
    expect(normalizePassword(' Ａb ﬁ ')).toBe(' Ａb ﬁ ');
  });
});
