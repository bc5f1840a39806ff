import type { User } from '../accounts/user.ts';
import { authEvent } from '../audit/event.ts';
import type { AuthPorts } from '../ports.ts';
import type { OutboxMail, WriteTransaction } from '../store.ts';
import { blockedForMs, countOne, RESET_MAILS_BY_ACCOUNT } from '../throttling/throttle.ts';
import { digestSecret } from '../tokens/digest.ts';
import { digestToken, issueToken, purposes } from '../tokens/one-time-tokens.ts';
import { describeMailFailure } from './mail-failure.ts';

const FIRST_RETRY_MS = 30_000;
export const MAIL_MAX_ATTEMPTS = 6;

/**
 * When to retry a mail after its nth try, unless it succeeds: 30 s later, then 1, 2, 4, 8 minutes.
 * Each delay is longer than a try can take, so that no mail is in two tries at the same time.
 */
export function nextMailAttemptAt(attempt: number, nowMs: number): number {
  return nowMs + FIRST_RETRY_MS * 2 ** (attempt - 1);
}

/** The outcome for the mail that was due, if any. */
export type MailOutcome = 'none' | 'sent' | 'dropped' | 'failed' | 'given_up';

/**
 * Send the reset mail that has been due for longest. It is claimed by postponing its next try
 * before it is sent, so that two senders never hold the same one. If the process crashes, or
 * `signal` interrupts the sending, the mail is retried.
 *
 * @returns the outcome; a failure is recorded as an event, and not thrown unless the database
 * fails.
 */
export async function sendResetMail(ports: AuthPorts, signal?: AbortSignal): Promise<MailOutcome> {
  const claimed = await ports.store.write(async (transaction) => {
    const mail = await transaction.claimMail(ports.clock.now(), nextMailAttemptAt);
    if (!mail) return 'none' as const;
    const user = mail.userId === undefined ? undefined : await transaction.lockUser(mail.userId);
    if (
      !user ||
      user.disabledAt !== undefined ||
      (mail.attempts === 1 && !(await isNeeded(ports, transaction, mail, user)))
    ) {
      await transaction.deleteMail(mail.id);
      return 'dropped' as const;
    }
    if (mail.attempts === 1) await countMail(ports, transaction, user);
    const { token } = await issueToken(ports, transaction, { purpose: 'reset', userId: user.id, issuedBy: 'request' });
    return { mail, user, resetToken: token };
  });
  if (typeof claimed === 'string') return claimed;

  const { mail: owed, user, resetToken } = claimed;
  let error: unknown;
  let outcome: 'sent' | 'failed' | 'given_up' = 'sent';
  try {
    const expiresInMs = ports.policy.resetTokenMs;
    await ports.mailer.send({ kind: 'reset', to: user.email, resetToken, expiresInMs }, signal);
  } catch (caught) {
    error = caught;
    outcome = owed.attempts < MAIL_MAX_ATTEMPTS ? 'failed' : 'given_up';
  }
  await ports.store.write(async (transaction) => {
    if (outcome === 'sent') await transaction.noteTokenMailed(digestToken(resetToken), ports.clock.now());
    if (outcome !== 'failed') await transaction.deleteMail(owed.id);
    const who = { userId: user.id, emailKey: user.emailKey };
    const detail = outcome === 'sent' ? undefined : describeMailFailure(error, [resetToken, user.email, user.emailKey]);
    await transaction.addEvent(authEvent(ports.clock, `reset_mail_${outcome}`, undefined, who, detail));
  });
  return outcome;
}

const mailCounter = ({ emailKey }: User) => `reset-mail:account:${digestSecret(emailKey)}`;

/**
 * Whether a request needs a mail. It does not if another mail is being retried, or if a valid token
 * is in the mailbox already and enough have been mailed. So the owner can always reset, and no
 * request voids a token.
 */
async function isNeeded(
  { clock }: AuthPorts,
  transaction: WriteTransaction,
  mail: OutboxMail,
  user: User,
): Promise<boolean> {
  if (await transaction.isOtherMailRetried(mail, MAIL_MAX_ATTEMPTS)) return false;
  const now = clock.now();
  const mailed = await transaction.countMailedTokens(user.id, 'reset', now);
  if (mailed === 0) return true;
  const state = await transaction.lockThrottle(mailCounter(user));
  return mailed < purposes.reset.kept && blockedForMs(RESET_MAILS_BY_ACCOUNT, state, now) === 0;
}

async function countMail({ clock }: AuthPorts, transaction: WriteTransaction, user: User): Promise<void> {
  const state = await transaction.lockThrottle(mailCounter(user));
  await transaction.saveThrottle(mailCounter(user), countOne(RESET_MAILS_BY_ACCOUNT, state, clock.now()));
}
