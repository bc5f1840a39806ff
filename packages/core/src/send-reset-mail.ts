import { authEvent } from './event.ts';
import { MAIL_MAX_ATTEMPTS, nextMailAttemptAt } from './outbox.ts';
import type { AuthPorts } from './ports.ts';
import { resetMail } from './reset-mail.ts';
import { digestSecret } from './secret.ts';

/** What became of the mail that was due, if one was. */
export type MailOutcome = 'none' | 'sent' | 'dropped' | 'failed' | 'given_up';

/**
 * Sends the reset mail that has been due for longest. It is claimed by putting its next try off before it is sent, so that two senders never hold the same one, and a crash
 * leaves it to be tried again; so does `signal`, which cuts the sending short.
 *
 * @returns what happened; a failure is recorded as an event, and never thrown unless the database itself fails.
 */
export async function sendResetMail(
  ports: Pick<AuthPorts, 'clock' | 'random' | 'mailer' | 'store' | 'policy'>,
  signal?: AbortSignal,
): Promise<MailOutcome> {
  const resetToken = ports.random.uuid();
  const claimed = await ports.store.write(async (transaction) => {
    const now = ports.clock.now();
    const mail = await transaction.claimMail(now, nextMailAttemptAt);
    if (!mail) return undefined;
    const user = mail.userId === undefined ? undefined : await transaction.lockUser(mail.userId);
    if (!user || user.disabledAt !== undefined) {
      await transaction.deleteMail(mail.id);
      return 'dropped' as const;
    }
    await transaction.replaceResetToken({
      tokenDigest: digestSecret(resetToken),
      userId: user.id,
      createdAt: now,
      expiresAt: now + ports.policy.resetTokenMs,
    });
    return { mail, user };
  });
  if (claimed === undefined) return 'none';
  if (claimed === 'dropped') return 'dropped';

  const { mail: owed, user } = claimed;
  let error: unknown;
  let outcome: 'sent' | 'failed' | 'given_up' = 'sent';
  try {
    const mail = resetMail(user.email, resetToken, Math.ceil(ports.policy.resetTokenMs / 60_000));
    await ports.mailer.send(mail, signal);
  } catch (caught) {
    error = caught;
    outcome = owed.attempts < MAIL_MAX_ATTEMPTS ? 'failed' : 'given_up';
  }
  await ports.store.write(async (transaction) => {
    if (outcome !== 'failed') await transaction.deleteMail(owed.id);
    const who = { userId: user.id, emailKey: user.emailKey };
    await transaction.addEvent(authEvent(ports.clock, `reset_mail_${outcome}`, undefined, who, describe(error)));
  });
  return outcome;
}

/** A server's answer may quote what was sent to it, so only its kind is kept. */
function describe(error: unknown): string | undefined {
  if (error === undefined) return undefined;
  const { code, responseCode } = error as { code?: string; responseCode?: number };
  return [code ?? 'error', responseCode].filter((part) => part !== undefined).join(' ');
}
