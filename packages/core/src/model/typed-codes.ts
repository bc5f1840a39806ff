import fc from 'fast-check';
import { fromBase32 } from '../factors/base32.ts';
import { totpCode } from '../factors/totp.ts';
import { stepNow } from './code-rules.ts';
import type { Service } from './service.ts';
import type { App, Code, World } from './world.ts';

/** How far away a code is looked for, which then says that a clock is wrong. */
const STEPS_AROUND = 20;

/** What a person types for a code. @param app that the service compares it with. */
export function typedCode(service: Service, world: World, code: Code, app: App | undefined): string {
  if (code !== 'no code' && 'recovery' in code) return service.recoveryCodes[code.recovery.number] ?? '';
  const text = code === 'no code' ? '000000' : digits(service, code.app, code.step);
  const isOf = (step: number) => code !== 'no code' && code.app === app && code.step === step;
  for (let distance = -STEPS_AROUND; distance <= STEPS_AROUND; distance += 1) {
    const step = stepNow(world) + distance;
    // One in a million: such a sequence is left out, since the model knows no digits.
    fc.pre(app === undefined || isOf(step) || digits(service, app, step) !== text);
  }
  return text;
}

function digits({ apps }: Service, { number }: App, step: number): string {
  return totpCode(fromBase32(apps[number] ?? '') ?? Buffer.alloc(0), step);
}

/** What the model says of a code, as a failed test shows it. */
export function describeCode(world: World, code: Code | undefined): string {
  if (code === undefined || code === 'no code') return code ?? 'none';
  if ('recovery' in code) return `recovery code ${code.recovery.number}`;
  return `app ${code.app.number} at ${code.step - stepNow(world)}`;
}
