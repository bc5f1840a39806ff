import type { NoticeKind, OwedKind } from '../mail/outbox-mail.ts';
import type { TokenPurpose } from '../tokens/one-time-token.ts';
import type { Mailbox } from './cast.ts';
import { type Account, type Issued, isGood, NOT_ME_MS, type Owed, TOKEN_MS, type Typed, type World } from './world.ts';

/** What waits for its owner: tokens, and mails that are owed. */

const DAY_MS = 86_400_000;
const LIFETIMES_MS = {
  ...{ reset: TOKEN_MS, registration: DAY_MS, email_change: DAY_MS, invitation: 7 * DAY_MS },
  not_me: NOT_ME_MS,
};

/**
 * A change of an account voids its tokens but for the links of notices, a change of email that is
 * owed its mail, and what is half done.
 */
export function voidTokens(world: World, account: Account): void {
  endHalfDone(world, account);
  for (const token of world.tokens) if (token.account === account && token.purpose !== 'not_me') token.isVoid = true;
  account.moving = undefined;
  dropOwed(world, (mail) => mail.kind === 'email_change' && mail.account === account);
}

/** Logins that wait for a code, and factors that were begun. */
export function endHalfDone(world: World, account: Account): void {
  for (const pending of world.pendingLogins) if (pending.account === account) pending.isOver = true;
  for (const session of world.sessions) if (session.account === account) session.enrolment = undefined;
}

/** A new account at an address ends what was pending for it. */
export function endPending(world: World, mailbox: Mailbox, ...purposes: readonly TokenPurpose[]): void {
  const isOf = (purpose: OwedKind | TokenPurpose, to: Typed) =>
    to.mailbox === mailbox && purposes.some((one) => one === purpose);
  for (const token of world.tokens) if (isOf(token.purpose, token.to)) token.isVoid = true;
  dropOwed(world, ({ kind, to }) => isOf(kind, to));
}

export function dropOwed(world: World, isDropped: (mail: Owed) => boolean): void {
  const left = world.owed.filter((mail) => !isDropped(mail));
  world.owed.splice(0, world.owed.length, ...left);
}

/** Five resets that are asked for may be good at the same time, and one of an operator's. */
export function issueToken(world: World, issued: Omit<Issued, 'expiresAt' | 'isVoid'>): void {
  const kept = issued.delivery === 'printed' ? 0 : 4;
  const older = world.tokens.filter(
    ({ purpose, delivery, account, to }) =>
      purpose === issued.purpose &&
      delivery === issued.delivery &&
      (issued.account === undefined ? to.mailbox === issued.to.mailbox : account === issued.account),
  );
  const good = older.filter((token) => isGood(world, token));
  if (issued.purpose === 'reset')
    for (const token of good.slice(0, Math.max(0, good.length - kept))) token.isVoid = true;
  const since = issued.since ?? world.now;
  world.tokens.push({ ...issued, expiresAt: since + LIFETIMES_MS[issued.purpose], isVoid: false });
}

export function owe(
  world: World,
  { kind, to: { mailbox, email }, account, role }: Pick<Owed, 'kind' | 'to'> & { account?: Account; role?: string },
): void {
  world.owed.push({ kind, to: { mailbox, email }, account, role, since: world.now });
}

/** The owner of an account hears of what happened, at a proven address alone. */
export function notify(world: World, account: Account, kind: NoticeKind): void {
  if (world.settings.sendsMail && account.emailVerified) owe(world, { kind, to: account, account });
}

/** Only the change that was asked for last is pending. */
export function askToMove(world: World, account: Account, to: Typed): void {
  for (const token of world.tokens) {
    if (token.account === account && token.purpose === 'email_change') token.isVoid = true;
  }
  dropOwed(world, (mail) => mail.kind === 'email_change' && mail.account === account);
  account.moving = { email: to.email, until: world.now + DAY_MS };
  owe(world, { kind: 'email_change', to, account });
  notify(world, account, 'email_change_notice');
}
