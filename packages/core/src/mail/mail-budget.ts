import type { AuthPorts } from '../ports.ts';
import type { WriteTransaction } from '../store.ts';
import {
  blockedForMs,
  countOne,
  MAILS_BY_MAILBOX,
  mailPart,
  RESERVED_MAILS,
  type Throttle,
} from '../throttling/throttle.ts';
import { purposes } from '../tokens/one-time-tokens.ts';
import type { Letter } from './decide-mail.ts';
import { maxMailAttempts } from './mail.ts';
import type { OutboxMail } from './outbox-mail.ts';

/**
 * Count a mail in the hour of its mailbox, if it is needed and the budget allows it. All kinds
 * share one budget. Beyond it, some have a part of their own: a mail with a token, for a mailbox
 * that holds no good one of its kind; and notices of changes, which logins cannot use up. So a
 * stranger fills no mailbox, its owner can always reset, and hears of what matters.
 *
 * @returns whether it is to be sent.
 */
export async function countMail(
  { clock }: AuthPorts,
  transaction: WriteTransaction,
  mail: OutboxMail,
  letter: Letter,
): Promise<boolean> {
  const now = clock.now();
  // Each notice is about something else.
  const carried = 'about' in letter ? undefined : letter.token;
  if (!('about' in letter) && (await transaction.isOtherMailRetried(mail, maxMailAttempts(mail.kind)))) return false;
  const held = carried === undefined ? 0 : await transaction.countMailedTokens(carried, carried.purpose, now);
  // One more would void one that was mailed.
  if (carried !== undefined && held >= (purposes[carried.purpose].kept ?? Number.POSITIVE_INFINITY)) return false;
  const shared = { key: mailPart(mail.emailKey, 'mailbox'), rule: MAILS_BY_MAILBOX };
  if (await countIfFree(transaction, shared, now)) return true;
  const part = RESERVED_MAILS[mail.kind];
  if (held > 0 || part === undefined) return false;
  return countIfFree(transaction, { key: mailPart(mail.emailKey, part.name), rule: part.rule }, now);
}

async function countIfFree(transaction: WriteTransaction, { key, rule }: Throttle, nowMs: number): Promise<boolean> {
  const state = await transaction.lockThrottle(key);
  if (blockedForMs(rule, state, nowMs) > 0) return false;
  await transaction.saveThrottle(key, countOne(rule, state, nowMs));
  return true;
}
