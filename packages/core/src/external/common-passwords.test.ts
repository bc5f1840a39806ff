import { describe, expect, it } from 'vitest';
import { loadCommonPasswords } from './common-passwords.ts';

describe('loadCommonPasswords', () => {
  it.each([
    ['password', true],
    ['12345678', true],
    ['qwertyuiop', true],
    ['password123', true],
    ['secure_password', false],
    ['new_secure_password', false],
    ['correct horse battery staple', false],
    ['constructor', false],
    ['__proto__', false],
    ['', false],
  ])('judges %j', async (password, expected) => {
    expect(await loadCommonPasswords().includes(password)).toBe(expected);
  });
});
