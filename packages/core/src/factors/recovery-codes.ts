import type { Random } from '../system.ts';
import { digestSecret } from '../tokens/digest.ts';
import { toBase32 } from './base32.ts';
import { withoutSeparators } from './totp.ts';

/** How many an account gets at a time. */
const COUNT = 10;
/** 120 bits: what cannot be guessed needs no slow hash (ASVS 5.0, 6.5.2). */
const BYTES = 15;
/** At this number, their owner is reminded to make new ones. */
export const FEW_RECOVERY_CODES = 3;

/** New codes: six groups of four characters. Only their digests are stored. */
export function makeRecoveryCodes(random: Random): { codes: string[]; digests: string[] } {
  const codes = Array.from({ length: COUNT }, () => {
    const groups = toBase32(random.bytes(BYTES)).match(/.{4}/g) ?? [];
    return groups.join('-');
  });
  return { codes, digests: codes.map(digestRecoveryCode) };
}

/** Neither separators nor case count. */
export function digestRecoveryCode(code: string): string {
  return digestSecret(withoutSeparators(code).toUpperCase());
}
