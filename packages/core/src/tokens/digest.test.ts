import { describe, expect, it } from 'vitest';
import { digestSecret } from './digest.ts';

describe('digestSecret', () => {
  it('is SHA-256 in base64url', () => {
    expect(digestSecret('abc')).toBe('ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0');
  });
});
