import { notify } from './pending.ts';
import { type Account, type Code, countTry, isKnownForCodes, type Origin, refuse, type World } from './world.ts';

/** What may be expected of codes, as in `rules.ts`. */

const STEP_MS = 30_000;
const HOUR_MS = 3_600_000;

export const stepNow = ({ now }: Pick<World, 'now'>) => Math.floor(now / STEP_MS);

/** Wrong codes of a known browser or address delay no other. @returns the name of the counter. */
export function countCode(world: World, account: Account, { client, browser }: Origin): string {
  const elsewhere = isKnownForCodes(world, account, client) ? client.address : 'elsewhere';
  const hadCode = browser && browser.lastLoginAt >= (account.factor?.since ?? 0);
  const counter = hadCode ? `browser ${browser.number}` : elsewhere;
  account.codes.set(counter, countTry(world, account.codes.get(counter)));
  return counter;
}

/** Whether an account takes a code now: one of its app newer than the last, or a recovery code. */
export function fits(world: World, { factor }: Account, code: Code): boolean {
  if (!factor || code === 'no code') return false;
  if ('recovery' in code) return factor.recoveryCodes.includes(code.recovery);
  // A last step beyond that came by an import, and is of another time: clocks of instances differ
  // by four steps at most.
  const newest = stepNow(world) + 5;
  const isNew = code.step > factor.lastStep || factor.lastStep > newest;
  return code.app === factor.app && isShownNow(world, code.step) && isNew;
}

/** An app's clock may be one step off. */
export function isShownNow(world: World, step: number): boolean {
  return Math.abs(step - stepNow(world)) <= 1;
}

/** Use a code up, once it is counted. @returns the method that it shows. */
export function useCode(world: World, account: Account, code: Code, counter: string): 'totp' | 'recovery_code' {
  const { factor } = account;
  if (!factor || code === 'no code' || !fits(world, account, code)) {
    tellOwner(world, account, counter);
    return refuse('invalid_code');
  }
  account.codes.delete(counter);
  account.toldUntil = 0;
  if ('step' in code) {
    factor.lastStep = code.step;
    return 'totp';
  }
  factor.recoveryCodes = factor.recoveryCodes.filter((left) => left !== code.recovery);
  notify(world, account, 'recovery_code_used');
  return 'recovery_code';
}

/** From the third wrong code on, once an hour. */
function tellOwner(world: World, account: Account, counter: string): void {
  if ((account.codes.get(counter)?.count ?? 0) < 3 || world.now < account.toldUntil) return;
  account.toldUntil = world.now + HOUR_MS;
  notify(world, account, 'wrong_codes');
}
