import type { SuccessBody } from './call.ts';
import { UnexpectedAnswerError } from './errors.ts';

/** A login whose password was right, and that waits for a code: no session is open yet. */
export interface CodeNeeded {
  /** For {@link SecondFactor}: good for five minutes and five codes, and opens nothing else. */
  readonly secondFactorToken: string;
  /** What the account can show: `totp`, `recovery_code`. */
  readonly methods: readonly string[];
}

/** A user's second factor. */
export interface Factors {
  /** When it was enabled, ISO 8601; `undefined` where there is none. */
  readonly totpEnabledAt: string | undefined;
  /** How many recovery codes are left. */
  readonly recoveryCodes: number;
}

/** Read what a login says of a second factor. @returns nothing where the login is complete. */
export function readCodeNeeded(server: string, body: SuccessBody): CodeNeeded | undefined {
  if (body.code !== 'second_factor_required') return undefined;
  const { second_factor_token: secondFactorToken, methods } = body;
  if (typeof secondFactorToken === 'string' && isTexts(methods)) return { secondFactorToken, methods };
  throw new UnexpectedAnswerError(server, 'asked for a second factor without saying how');
}

export function readFactors(server: string, { totp, recovery_codes: codes }: SuccessBody): Factors {
  const { enabled_at: enabledAt } = fieldsOf(totp);
  const { left } = fieldsOf(codes);
  if (totp === null) return { totpEnabledAt: undefined, recoveryCodes: 0 };
  if (typeof enabledAt === 'string' && typeof left === 'number')
    return { totpEnabledAt: enabledAt, recoveryCodes: left };
  throw new UnexpectedAnswerError(server, 'answered without saying which factors there are');
}

/** The codes are shown in a terminal, so only what they are made of is let through. */
export function readRecoveryCodes(server: string, { recovery_codes: codes }: SuccessBody): readonly string[] {
  if (isTexts(codes) && codes.every((code) => /^[\w-]+$/.test(code))) return codes;
  throw new UnexpectedAnswerError(server, 'answered without recovery codes');
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((one) => typeof one === 'string');
}
