import type { AuthEvent } from '../audit/event.ts';
import { isOver } from '../clock-skew.ts';
import { AuthError, type AuthErrorCode } from '../errors.ts';
import type { AuthPolicy, AuthPorts } from '../ports.ts';
import type { WriteTransaction } from '../store.ts';
import { MAILS_BY_MAILBOX } from '../throttling/throttle.ts';
import { digestSecret, stripBlanks } from './digest.ts';
import type { OneTimeToken, PendingOf, TokenOwner, TokenPurpose } from './one-time-token.ts';

const DAY_MS = 86_400_000;
/** How long an owner can say “not me”. */
export const NOT_ME_MS = 3 * DAY_MS;

/** What happens to an account, or to an address, and may void its tokens; `made` is an account. */
export type AccountChange = 'made' | 'password' | 'email' | 'disabled' | 'locked';

interface Purpose {
  readonly lifetimeMs: (policy: AuthPolicy) => number;
  /** How many may be valid at the same time, if not all; of printed ones, it is one. */
  readonly kept: number | undefined;
  /** The change that using one makes. */
  readonly makes: AccountChange;
  readonly voidedBy: readonly AccountChange[];
}

/** The rules of each purpose. A new purpose does not compile without all of them. */
export const purposes = {
  // As many as are mailed in an hour, so that a stranger's requests void none of the owner's.
  reset: {
    lifetimeMs: (policy) => policy.resetTokenMs,
    kept: MAILS_BY_MAILBOX.limit,
    makes: 'password',
    voidedBy: ['password', 'email', 'disabled', 'locked'],
  },
  // More than are mailed in a day, for the same reason.
  registration: { lifetimeMs: () => DAY_MS, kept: 240, makes: 'made', voidedBy: ['made'] },
  email_change: {
    lifetimeMs: () => DAY_MS,
    kept: 1,
    makes: 'email',
    voidedBy: ['password', 'email', 'disabled', 'locked'],
  },
  // As long as an address that was left is reserved. Nothing voids it, and no number of later ones:
  // a thief could, and the oldest is its owner's.
  not_me: { lifetimeMs: () => NOT_ME_MS, kept: undefined, makes: 'locked', voidedBy: [] },
  invitation: { lifetimeMs: () => 7 * DAY_MS, kept: 1, makes: 'made', voidedBy: ['made'] },
} as const satisfies Record<TokenPurpose, Purpose>;

/** A token that is to be issued; that of a notice counts from what it is about. */
export type NewToken = Omit<OneTimeToken, 'digest' | 'createdAt' | 'expiresAt'> & { readonly createdAt?: number };

/** Makes a token inside a transaction. Only its digest is stored: this alone returns it. */
export async function issueToken(
  { clock, policy, random }: AuthPorts,
  transaction: WriteTransaction,
  issued: NewToken,
): Promise<{ token: string; expiresAt: number }> {
  const { lifetimeMs, kept }: Purpose = purposes[issued.purpose];
  const token = random.uuid();
  const createdAt = issued.createdAt ?? clock.now();
  const expiresAt = createdAt + lifetimeMs(policy);
  if (kept !== undefined) {
    await transaction.trimTokens(issued, issued.delivery === 'printed' ? 0 : kept - 1, clock.now());
  }
  await transaction.insertToken({ ...issued, digest: digestToken(token), createdAt, expiresAt });
  return { token, expiresAt };
}

/** Finds a token, valid or expired, before any work is spent on it. */
export function findToken({ store }: AuthPorts, token: string, ...wanted: readonly TokenPurpose[]) {
  return store.findToken(digestToken(token), wanted);
}

/**
 * Record that a token was refused. One that is over is deleted, so that it stays so when the clock
 * is set back.
 *
 * @throws {@link AuthError} with the code.
 */
export async function refuseToken(
  { clock, store }: AuthPorts,
  token: OneTimeToken | undefined,
  refusal: AuthEvent,
  code: AuthErrorCode,
): Promise<never> {
  await store.write(async (transaction) => {
    if (token && isOver(token, clock.now())) await transaction.deleteToken(token.digest);
    await transaction.addEvent(refusal);
  });
  throw new AuthError(code);
}

/**
 * Uses up a token in the transaction of the change that it allows, and voids what else this change
 * ends.
 *
 * @returns false if it is not valid, or another transaction used it first.
 */
export async function consumeToken(
  { clock }: AuthPorts,
  transaction: WriteTransaction,
  token: OneTimeToken,
): Promise<boolean> {
  if (!(await transaction.takeToken(token, clock.now()))) return false;
  await voidPending(transaction, pendingOf(token), purposes[token.purpose].makes);
  return true;
}

/**
 * Voids the tokens that a change ends, and the owed mails that would bring such tokens. Of an
 * account, also half-finished logins and factors that were begun.
 */
export async function voidPending(
  transaction: WriteTransaction,
  whose: PendingOf,
  change: AccountChange,
): Promise<void> {
  const names = Object.keys(purposes) as TokenPurpose[];
  const ended = names.filter((name) => (purposes[name] as Purpose).voidedBy.includes(change));
  await transaction.deleteTokens(whose, ended);
  await transaction.deleteMails(whose, ended);
  if ('userId' in whose) await transaction.deletePendingFactors(whose.userId);
}

function pendingOf({ userId, emailKey }: TokenOwner): PendingOf {
  return userId === undefined ? { emailKeys: emailKey === undefined ? [] : [emailKey] } : { userId };
}

/** The digest of a token in lower case, without the blanks that a mail or a paste adds. */
export function digestToken(token: string): string {
  return digestSecret(stripBlanks(token).toLowerCase());
}
