import { isYetToCome } from '../clock-skew.ts';
import type { AuthPolicy, AuthPorts } from '../ports.ts';
import type { OneTimeToken, TokenKind, TokenPurpose, WriteTransaction } from '../store.ts';
import { RESET_MAILS_BY_ACCOUNT } from '../throttling/throttle.ts';
import { digestSecret, stripBlanks } from './digest.ts';

/** The changes of an account that may void its tokens. */
export type AccountChange = 'password' | 'email' | 'disabled';

interface Purpose {
  readonly lifetimeMs: (policy: AuthPolicy) => number;
  /** How many requested tokens may be valid at the same time; of an operator's, it is one. */
  readonly kept: number;
  /** The change that using one makes. */
  readonly makes: AccountChange;
  readonly voidedBy: readonly AccountChange[];
}

/** The rules of each purpose. A new purpose does not compile without all of them. */
export const purposes = {
  // As many as are mailed in an hour, so that a stranger's requests void none of the owner's.
  reset: {
    lifetimeMs: (policy) => policy.resetTokenMs,
    kept: RESET_MAILS_BY_ACCOUNT.limit,
    makes: 'password',
    voidedBy: ['password', 'email', 'disabled'],
  },
} as const satisfies Record<TokenPurpose, Purpose>;

/** Makes a token inside a transaction. Only its digest is stored: this alone returns it. */
export async function issueToken(
  { clock, policy, random }: AuthPorts,
  transaction: WriteTransaction,
  kind: TokenKind,
): Promise<{ token: string; expiresAt: number }> {
  const { lifetimeMs, kept } = purposes[kind.purpose];
  const token = random.uuid();
  const createdAt = clock.now();
  const expiresAt = createdAt + lifetimeMs(policy);
  await transaction.trimTokens(kind, kind.issuedBy === 'operator' ? 0 : kept - 1, createdAt);
  await transaction.insertToken({ ...kind, digest: digestToken(token), createdAt, expiresAt });
  return { token, expiresAt };
}

/** Finds a token, valid or expired, before any work is spent on it. */
export function findToken({ store }: AuthPorts, purpose: TokenPurpose, token: string) {
  return store.findToken(digestToken(token), purpose);
}

/** Whether a token has expired, or was issued before the clock was set back. */
export function isOver({ createdAt, expiresAt }: OneTimeToken, nowMs: number): boolean {
  return nowMs >= expiresAt || isYetToCome(createdAt, nowMs);
}

/**
 * Uses up a token in the transaction of the change that it allows, and voids the other tokens that
 * this change ends.
 *
 * @returns false if it is not valid, or another transaction used it first.
 */
export async function consumeToken(
  { clock }: AuthPorts,
  transaction: WriteTransaction,
  { digest, purpose, userId }: OneTimeToken,
): Promise<boolean> {
  if (!(await transaction.takeToken(digest, purpose, userId, clock.now()))) return false;
  await voidTokens(transaction, userId, purposes[purpose].makes);
  return true;
}

/** Voids the tokens that a change of an account ends. */
export function voidTokens(transaction: WriteTransaction, userId: string, change: AccountChange): Promise<void> {
  const names = Object.keys(purposes) as TokenPurpose[];
  return transaction.deleteTokens(
    userId,
    names.filter((name) => purposes[name].voidedBy.includes(change)),
  );
}

/** The digest of a token in lower case, without the blanks that a mail or a paste adds. */
export function digestToken(token: string): string {
  return digestSecret(stripBlanks(token).toLowerCase());
}
