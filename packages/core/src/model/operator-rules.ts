import { noMailbox, type Password } from './cast.ts';
import { stepNow } from './code-rules.ts';
import { removeFactor } from './factor-rules.ts';
import { endHalfDone, endPending, issueToken, notify, voidTokens } from './pending.ts';
import { admitAddress, createAccount, removeAccount } from './rules.ts';
import {
  type Account,
  endSessions,
  type Factor,
  forgetBrowsers,
  isReserved,
  refuse,
  type Typed,
  type World,
} from './world.ts';

/** What operators may expect, as in `rules.ts`. */

function find(world: World, { mailbox }: Typed): Account {
  admitAddress(mailbox);
  return world.accounts.get(mailbox) ?? refuse('unknown_email');
}

export const seen = ({ email, role, emailVerified, disabledAt, lockedAt }: Account) => {
  return { email, role, emailVerified, disabledAt, lockedAt };
};

export function disable(world: World, typed: Typed) {
  const account = find(world, typed);
  account.disabledAt ??= world.now;
  endSessions(world, account);
  forgetBrowsers(world, account);
  voidTokens(world, account);
  return seen(account);
}

export function enable(world: World, typed: Typed) {
  const account = find(world, typed);
  account.disabledAt = undefined;
  return seen(account);
}

export function unlock(world: World, typed: Typed) {
  const account = find(world, typed);
  account.lockedAt = undefined;
  return seen(account);
}

export function setRole(world: World, typed: Typed, role: string) {
  const account = find(world, typed);
  account.role = role;
  return seen(account);
}

export function verify(world: World, typed: Typed) {
  const account = find(world, typed);
  account.emailVerified = true;
  return seen(account);
}

export function remove(world: World, typed: Typed) {
  const account = find(world, typed);
  removeAccount(world, account);
  return seen(account);
}

export function revoke(world: World, typed: Typed) {
  const account = find(world, typed);
  endSessions(world, account);
  forgetBrowsers(world, account);
  endHalfDone(world, account);
  return seen(account);
}

export function revokeAll(world: World) {
  for (const account of world.accounts.values()) endHalfDone(world, account);
  forgetBrowsers(world, undefined);
  return endSessions(world, undefined);
}

export function resetFactors(world: World, typed: Typed) {
  const account = find(world, typed);
  if (!account.factor) refuse('not_found');
  removeFactor(world, account);
  notify(world, account, 'factor_disabled');
  return seen(account);
}

export function issueTokenFor(world: World, typed: Typed) {
  const account = find(world, typed);
  if (account.disabledAt !== undefined || account.lockedAt !== undefined) refuse('unknown_email');
  issueToken(world, { purpose: 'reset', delivery: 'printed', account, to: typed, role: undefined });
  return { ...seen(account), expiresAt: world.tokens.at(-1)?.expiresAt };
}

export function show(world: World, typed: Typed) {
  return seen(find(world, typed));
}

/** The accounts whose key contains a text, in the order of their keys. */
export function search(world: World, text: string) {
  return [...world.accounts.values()]
    .filter(({ mailbox }) => mailbox.key.includes(text))
    .sort((one, other) => (one.mailbox.key < other.mailbox.key ? -1 : 1));
}

/** An account from elsewhere. */
export interface Incoming {
  readonly typed: Typed;
  readonly password: Password;
  readonly createdAt: number | undefined;
  readonly disabledAt: number | undefined;
  readonly role: string | undefined;
  readonly emailVerified: boolean | undefined;
  /** The newest step of which a code was used, as seen from the present one. */
  readonly factor: { readonly lastStep: number } | undefined;
}

export function take(world: World, batch: readonly Incoming[], dryRun: boolean) {
  const taken = new Set<Typed['mailbox']>();
  return batch.map(({ typed, password, createdAt, disabledAt, role, emailVerified, factor }) => {
    if (typed.mailbox === noMailbox) return 'refused';
    const isThere = world.accounts.has(typed.mailbox) || isReserved(world, typed.mailbox);
    if (taken.has(typed.mailbox) || isThere) return 'exists';
    taken.add(typed.mailbox);
    const account = createAccount(world, typed, password);
    const arrived: Account = {
      ...account,
      hasOldHash: true,
      disabledAt,
      createdAt: createdAt ?? world.now,
      role: role ?? account.role,
      emailVerified: emailVerified ?? account.emailVerified,
    };
    if (!dryRun) {
      if (factor) arrived.factor = takeFactor(world, factor.lastStep);
      world.accounts.set(typed.mailbox, arrived);
      endPending(world, typed.mailbox, 'registration', 'invitation');
    }
    return 'imported';
  });
}

function takeFactor(world: World, lastStep: number): Factor {
  const app = { number: world.apps.length };
  world.apps.push(app);
  const since = { since: world.now, codesSince: world.now };
  return { app, ...since, lastStep: stepNow(world) + lastStep, recoveryCodes: [] };
}
