import { createHash } from 'node:crypto';
import { totpCode } from '../../../test/totp-code.ts';
import type { Operation } from '../account.ts';

const STEP_MS = 30_000;

/** What the service has acknowledged of a second factor. */
export interface Factor {
  readonly secret: string;
  /** The newest step of which a code may have been used, and surely was. */
  triedStep: number;
  usedStep: number;
  /** Never sent; none where the answer that held them was lost. */
  readonly recoveryCodes: string[];
  readonly usedRecoveryCodes: string[];
}

type Enabling = Operation & { readonly kind: 'enable-factor' };
type Using = Operation & { readonly kind: 'use-code' };

const currentStep = () => Math.floor(Date.now() / STEP_MS);

export function codeOf(secret: string, step: number): string {
  return totpCode(secret, step * STEP_MS);
}

/** Of the step before, so that two more can be used at once. */
export function enablingStep(): number {
  return currentStep() - 1;
}

export function newFactor({ secret, step }: Enabling, recoveryCodes: readonly string[] = []): Factor {
  return { secret, triedStep: step, usedStep: step, recoveryCodes: [...recoveryCodes], usedRecoveryCodes: [] };
}

/** A code that was never sent, of the app or from paper; none when all are used up. */
export function takeCode(factor: Factor): Pick<Using, 'code' | 'step'> | undefined {
  const step = Math.max(factor.triedStep + 1, currentStep() - 1);
  const isOfApp = step <= currentStep() + 1 && (Math.random() < 0.5 || factor.recoveryCodes.length === 0);
  if (!isOfApp) {
    const code = factor.recoveryCodes.pop();
    return code === undefined ? undefined : { code, step: undefined };
  }
  factor.triedStep = step;
  return { code: codeOf(factor.secret, step), step };
}

export function noteUse(factor: Factor, { code, step }: Using): void {
  if (step === undefined) factor.usedRecoveryCodes.push(code);
  else factor.usedStep = step;
}

/** The last code of each sort that was used: neither may be accepted again. */
export function usedCodes({ secret, usedStep, usedRecoveryCodes }: Factor): string[] {
  return [codeOf(secret, usedStep), ...usedRecoveryCodes.slice(-1)];
}

export function recoveryDigest(code: string): string {
  return createHash('sha256').update(code.replaceAll('-', '')).digest('base64url');
}
