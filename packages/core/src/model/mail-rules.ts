import type { Mail } from '../mail/mail.ts';
import { endPending, issueToken, notify, owe, voidTokens } from './pending.ts';
import { admitAddress, admitPassword, confirmOwner, makeProven, type Shown } from './rules.ts';
import {
  type Account,
  type Hour,
  type Issued,
  isGood,
  isReserved,
  type Owed,
  refuse,
  reserveLeft,
  type Settings,
  type Typed,
  type World,
} from './world.ts';

/** What may be expected of mails, proofs and invitations, as in `rules.ts`. */

const HOUR_MS = 3_600_000;
/** Beyond the five mails that all kinds share in an hour. */
const RESERVED: Readonly<Partial<Record<Owed['kind'], number>>> = {
  reset: 2,
  registration: 1,
  invitation: 1,
  login_notice: 1,
};
/** Which all changes of accounts share, and logins cannot use up. */
const RESERVED_FOR_CHANGES = 3;

export function set(world: World, settings: Settings): void {
  world.settings = settings;
}

export function requestVerification(world: World, to: Typed) {
  admitAddress(to.mailbox);
  if (world.settings.emailVerification === 'required') owe(world, { kind: 'registration', to });
  return to.email;
}

/** @returns what leaves, in order. */
export function sendAll(world: World): { kind: Mail['kind']; to: string }[] {
  return world.owed.splice(0).flatMap((owed) => send(world, owed));
}

function send(world: World, owed: Owed): { kind: Mail['kind']; to: string }[] {
  const { kind, to, role, since } = owed;
  const there = world.accounts.get(to.mailbox);
  const { registration } = world.settings;
  const carry = (purpose: Exclude<Issued['purpose'], 'not_me'>, account?: Account, address: Typed = to) => {
    const token = { purpose, delivery: 'mailed', account, to: address, role } as const;
    if (!mayLeave(world, owed, token)) return [];
    issueToken(world, token);
    return [{ kind: purpose, to: address.email }];
  };
  const tellOwner = (owner: Account) =>
    owner.disabledAt === undefined && mayLeave(world, owed)
      ? [{ kind: 'account_exists', to: owner.email } as const]
      : [];
  switch (kind) {
    case 'reset':
      return there && there.disabledAt === undefined
        ? carry('reset', there, { mailbox: there.mailbox, email: there.email })
        : [];
    case 'registration':
      if (registration !== 'open') return [];
      if (there) return tellOwner(there);
      return isReserved(world, to.mailbox) ? [] : carry('registration');
    case 'invitation':
      return registration === 'closed' || there ? [] : carry('invitation');
    case 'email_change':
      if (owed.account?.disabledAt !== undefined) return [];
      return there && there !== owed.account ? tellOwner(there) : carry('email_change', owed.account);
    default:
      if (!mayLeave(world, owed)) return [];
      issueToken(world, { purpose: 'not_me', delivery: 'mailed', account: owed.account, to, role, since });
      return [{ kind, to: to.email }];
  }
}

/** Counts a mail in the hour of its mailbox, if there is room. */
function mayLeave(world: World, { kind, to }: Owed, token?: Pick<Issued, 'purpose' | 'account' | 'to'>): boolean {
  const held = world.tokens.filter(
    (other) =>
      token !== undefined &&
      other.purpose === token.purpose &&
      other.delivery === 'mailed' &&
      (token.account === undefined ? other.to.mailbox === token.to.mailbox : other.account === token.account) &&
      isGood(world, other),
  ).length;
  if (kind === 'reset' && held >= 5) return false;
  if (countIn(world, to.mailbox.key, 5)) return true;
  if (held > 0 || kind === 'email_change') return false;
  const own = RESERVED[kind];
  return own === undefined
    ? countIn(world, `${to.mailbox.key} changes`, RESERVED_FOR_CHANGES)
    : countIn(world, `${to.mailbox.key} ${kind}`, own);
}

function countIn({ hours, now }: World, name: string, limit: number): boolean {
  const hour: Hour | undefined = hours.get(name);
  const current = hour && now < hour.endsAt ? hour : { count: 0, endsAt: now + HOUR_MS };
  if (current.count >= limit) return false;
  hours.set(name, { ...current, count: current.count + 1 });
  return true;
}

export function verify(world: World, typed: Typed, token: Issued | undefined, shown: Shown) {
  admitAddress(typed.mailbox);
  const isOne = token?.purpose === 'registration' || token?.purpose === 'email_change';
  if (!token || !isOne || token.to.mailbox !== typed.mailbox || !isGood(world, token)) {
    return refuse('invalid_verification_token');
  }
  if (token.account) return move(world, typed, token.account, shown);
  if (world.settings.registration !== 'open') refuse('registration_closed');
  admitPassword(shown.password, typed.mailbox);
  if (isReserved(world, typed.mailbox)) refuse('invalid_verification_token');
  makeProven(world, typed, { ...shown, role: undefined });
  return { email: typed.email };
}

function move(world: World, typed: Typed, account: Account, shown: Shown) {
  confirmOwner(world, account, shown);
  voidTokens(world, account);
  const there = world.accounts.get(typed.mailbox);
  if ((there && there !== account) || isReserved(world, typed.mailbox, account)) refuse('invalid_verification_token');
  reserveLeft(world, account);
  notify(world, account, 'email_changed');
  world.accounts.delete(account.mailbox);
  world.accounts.set(typed.mailbox, account);
  Object.assign(account, { mailbox: typed.mailbox, email: typed.email, emailVerified: true });
  endPending(world, typed.mailbox, 'registration', 'invitation');
  return { email: typed.email };
}

/** @returns whether a token is printed. */
export function invite(world: World, to: Typed, role: string) {
  if (world.settings.registration === 'closed') refuse('registration_closed');
  admitAddress(to.mailbox);
  if (world.accounts.has(to.mailbox)) refuse('email_taken');
  endPending(world, to.mailbox, 'invitation');
  if (world.settings.sendsMail) owe(world, { kind: 'invitation', to, role });
  else issueToken(world, { purpose: 'invitation', delivery: 'printed', account: undefined, to, role });
  return { email: to.email, role, isPrinted: !world.settings.sendsMail };
}
