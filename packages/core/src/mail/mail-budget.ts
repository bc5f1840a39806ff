import type { AuthPorts } from '../ports.ts';
import type { OutboxMail, TokenOwner, TokenPurpose, WriteTransaction } from '../store.ts';
import { blockedForMs, countOne, MAILS_BY_MAILBOX, RESERVED_MAILS, type Throttle } from '../throttling/throttle.ts';
import { digestSecret } from '../tokens/digest.ts';
import { purposes } from '../tokens/one-time-tokens.ts';

/** A token that a mail is to carry. */
interface Carried extends TokenOwner {
  readonly purpose: TokenPurpose;
}

/**
 * Count a mail in the hour of its mailbox, if it is needed and the budget allows it. All kinds
 * share one budget. Beyond it, each kind has a part of its own, for a mailbox that holds no good
 * token of that kind. So a stranger fills no mailbox, and its owner can always reset.
 *
 * @param maxAttempts how often a mail of this kind is tried.
 * @returns whether it is to be sent.
 */
export async function countMail(
  { clock }: AuthPorts,
  transaction: WriteTransaction,
  mail: OutboxMail,
  carried: Carried | undefined,
  maxAttempts: number,
): Promise<boolean> {
  if (await transaction.isOtherMailRetried(mail, maxAttempts)) return false;
  const now = clock.now();
  const held = carried === undefined ? 0 : await transaction.countMailedTokens(carried, carried.purpose, now);
  // One more would void one that was mailed.
  if (carried !== undefined && held >= purposes[carried.purpose].kept) return false;
  const mailbox = digestSecret(mail.emailKey);
  if (await countIfFree(transaction, { key: `mail:mailbox:${mailbox}`, rule: MAILS_BY_MAILBOX }, now)) return true;
  const rule = RESERVED_MAILS[mail.kind];
  if (held > 0 || rule === undefined) return false;
  return countIfFree(transaction, { key: `mail:${mail.kind}:${mailbox}`, rule }, now);
}

async function countIfFree(transaction: WriteTransaction, { key, rule }: Throttle, nowMs: number): Promise<boolean> {
  const state = await transaction.lockThrottle(key);
  if (blockedForMs(rule, state, nowMs) > 0) return false;
  await transaction.saveThrottle(key, countOne(rule, state, nowMs));
  return true;
}
