import { describe, expect, it } from 'vitest';
import { createCountingRandom } from '../testing/index.ts';
import { fromBase32, toBase32 } from './base32.ts';
import { digestRecoveryCode, makeRecoveryCodes } from './recovery-codes.ts';
import { findStep, lastStepAt, otpauthUrl, stepAt, TOTP_STEP_MS, totpCode } from './totp.ts';

const key = Buffer.from('12345678901234567890');
const secret = toBase32(key);
const NOW = Date.UTC(2030, 0, 1);

describe('totpCode', () => {
  // The last six of the eight digits of RFC 6238, appendix B.
  it.each([
    [59, '287082'],
    [1_111_111_109, '081804'],
    [1_111_111_111, '050471'],
    [1_234_567_890, '005924'],
    [2_000_000_000, '279037'],
    [20_000_000_000, '353130'],
  ])('is that of the RFC at %i s', (seconds, code) => {
    expect(totpCode(key, stepAt(seconds * 1000))).toBe(code);
  });

  // RFC 4226, appendix D.
  it('is that of HOTP for each counter', () => {
    const codes = Array.from({ length: 10 }, (_, counter) => totpCode(key, counter));
    expect(codes).toEqual('755224 287082 359152 969429 338314 254676 287922 162583 399871 520489'.split(' '));
  });
});

describe('findStep', () => {
  const now = stepAt(NOW);
  const codeAt = (distance: number) => totpCode(key, now + distance);

  it.each([-1, 0, 1])('accepts the code of %i steps away', (distance) => {
    expect(findStep(secret, codeAt(distance), NOW)).toEqual({ step: now + distance, isAccepted: true });
  });

  it.each([-20, -2, 2, 20])('knows the code of %i steps away, and accepts it not', (distance) => {
    expect(findStep(secret, codeAt(distance), NOW)).toEqual({ step: now + distance, isAccepted: false });
  });

  it.each([-21, 21])('does not know the code of %i steps away', (distance) => {
    expect(findStep(secret, codeAt(distance), NOW)).toBeUndefined();
  });

  it('changes at the very millisecond at which a step ends', () => {
    const start = now * TOTP_STEP_MS;
    const code = codeAt(0);
    expect(findStep(secret, code, start + 2 * TOTP_STEP_MS - 1)?.isAccepted).toBe(true);
    expect(findStep(secret, code, start + 2 * TOTP_STEP_MS)?.isAccepted).toBe(false);
    expect(findStep(secret, code, start - TOTP_STEP_MS)?.isAccepted).toBe(true);
    expect(findStep(secret, code, start - TOTP_STEP_MS - 1)?.isAccepted).toBe(false);
    expect(lastStepAt(NOW)).toBe(now + 1 + 4);
  });

  it('finds nothing before the epoch, and nothing that is no code', () => {
    expect(findStep(secret, codeAt(0), 0)).toBeUndefined();
    for (const text of ['', '12345', '1234567', 'abcdef']) expect(findStep(secret, text, NOW)).toBeUndefined();
  });
});

describe('base32', () => {
  // RFC 4648, section 10, without the padding.
  it.each([
    ['', ''],
    ['f', 'MY'],
    ['fo', 'MZXQ'],
    ['foo', 'MZXW6'],
    ['foob', 'MZXW6YQ'],
    ['fooba', 'MZXW6YTB'],
    ['foobar', 'MZXW6YTBOI'],
  ])('writes and reads "%s"', (text, written) => {
    expect(toBase32(Buffer.from(text))).toBe(written);
    expect(fromBase32(written)?.toString()).toBe(text);
  });

  it('refuses other characters', () => {
    for (const text of ['mzxw6', 'MZXW61', 'MZXW6=', 'MZ XW']) expect(fromBase32(text)).toBeUndefined();
  });
});

describe('otpauthUrl', () => {
  it('keeps names apart from what a URL means', () => {
    expect(otpauthUrl(secret, { issuer: 'Tea & Co: Shop', account: 'ada+x@example.com' })).toBe(
      `otpauth://totp/Tea%20%26%20Co%3A%20Shop:ada%2Bx%40example.com?secret=${secret}&issuer=Tea%20%26%20Co%3A%20Shop`,
    );
  });
});

describe('makeRecoveryCodes', () => {
  const { codes, digests } = makeRecoveryCodes(createCountingRandom());

  it('makes ten different ones of 24 base32 characters, in groups of four', () => {
    expect(new Set(codes).size).toBe(10);
    for (const code of codes) expect(code).toMatch(/^([A-Z2-7]{4}-){5}[A-Z2-7]{4}$/);
  });

  it('knows them as people copy them', () => {
    const [code = ''] = codes;
    for (const typed of [code, code.toLowerCase(), code.replaceAll('-', ''), ` ${code.replaceAll('-', ' ')}\n`]) {
      expect(digestRecoveryCode(typed)).toBe(digests[0]);
    }
    expect(digestRecoveryCode(codes[1] ?? '')).not.toBe(digests[0]);
  });
});
