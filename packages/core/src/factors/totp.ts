import { createHmac, timingSafeEqual } from 'node:crypto';
import { CLOCK_SKEW_MS } from '../clock-skew.ts';
import { fromBase32 } from './base32.ts';

/** As long as a code is shown. */
export const TOTP_STEP_MS = 30_000;
/** RFC 4226 asks for at least 128 bits, and recommends 160. */
export const TOTP_SECRET_BYTES = 20;
/** How far a clock may be off: one step either way. */
const STEPS_AROUND = 1;
/** A code from so many steps away says that a clock is wrong: ten minutes. */
const STEPS_OF_A_WRONG_CLOCK = 20;
const DIGITS = 6;

/** Leaves out blanks and hyphens: codes are shown in groups, and copied from paper. */
export function withoutSeparators(code: string): string {
  return code.replace(/[\s\p{Z}\p{Cc}\p{Cf}\p{Pd}]/gu, '');
}

/** The number of the step at a time, in milliseconds since the Unix epoch. */
export function stepAt(nowMs: number): number {
  return Math.floor(nowMs / TOTP_STEP_MS);
}

/**
 * The last step that can have been used at a time, also at an instance whose clock is ahead: only
 * what lies beyond is of before a clock was set back.
 */
export function lastStepAt(nowMs: number): number {
  return stepAt(nowMs + CLOCK_SKEW_MS) + STEPS_AROUND;
}

/**
 * The code of a step: HMAC-SHA-1, six digits.
 *
 * @see https://www.rfc-editor.org/rfc/rfc6238#section-4
 * @see https://www.rfc-editor.org/rfc/rfc4226#section-5.3
 */
export function totpCode(secret: Uint8Array, step: number): string {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(step));
  const digest = createHmac('sha1', secret).update(counter).digest();
  const offset = digest.readUInt8(digest.length - 1) & 15;
  const number = digest.readUInt32BE(offset) & 0x7f_ff_ff_ff;
  return String(number % 10 ** DIGITS).padStart(DIGITS, '0');
}

/** The step that a code is of: one that is accepted, or one at which a clock would be wrong. */
export interface FoundStep {
  readonly step: number;
  readonly isAccepted: boolean;
}

/** Finds the step of a code, the nearest first. @param secret in base32. */
export function findStep(secret: string, code: string, nowMs: number): FoundStep | undefined {
  const key = fromBase32(secret) ?? Buffer.alloc(0);
  const typed = Buffer.from(code);
  const now = stepAt(nowMs);
  for (let distance = 0; distance <= STEPS_OF_A_WRONG_CLOCK; distance += 1) {
    for (const step of distance === 0 ? [now] : [now - distance, now + distance]) {
      if (step < 0) continue;
      const expected = Buffer.from(totpCode(key, step));
      if (expected.length === typed.length && timingSafeEqual(expected, typed)) {
        return { step, isAccepted: distance <= STEPS_AROUND };
      }
    }
  }
  return undefined;
}

/**
 * What an authenticator app reads from a QR code.
 *
 * @param names as the app shows them.
 * @see https://github.com/google/google-authenticator/wiki/Key-Uri-Format
 */
export function otpauthUrl(secret: string, names: { readonly issuer: string; readonly account: string }): string {
  const issuer = encodeURIComponent(names.issuer);
  const account = encodeURIComponent(names.account);
  return `otpauth://totp/${issuer}:${account}?secret=${secret}&issuer=${issuer}`;
}
