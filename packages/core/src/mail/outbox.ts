import { type AuthEventType, authEvent } from '../audit/event.ts';
import type { AuthPorts } from '../ports.ts';
import { digestToken, issueToken } from '../tokens/one-time-tokens.ts';
import { decideMail } from './decide-mail.ts';
import { type Mail, maxMailAttempts } from './mail.ts';
import { countMail } from './mail-budget.ts';
import { describeMailFailure } from './mail-failure.ts';

const FIRST_RETRY_MS = 30_000;
export const LONGEST_RETRY_MS = 3_600_000;

/**
 * When to retry a mail after its nth try, unless it succeeds: 30 s later, then 1, 2, 4, 8, 16, 32
 * minutes, then every hour. Each delay is longer than a try can take, so that no mail is in two
 * tries at the same time.
 */
export function nextMailAttemptAt(attempt: number, nowMs: number): number {
  return nowMs + Math.min(FIRST_RETRY_MS * 2 ** (attempt - 1), LONGEST_RETRY_MS);
}

/** The outcome for the mail that was due, if any. */
export type MailOutcome = 'none' | 'sent' | 'dropped' | 'failed' | 'given_up';

/**
 * Send the mail that has been due for longest. It is claimed by postponing its next try before it
 * is sent, so that two senders never hold the same one. If the process crashes, or `signal`
 * interrupts the sending, the mail is retried.
 *
 * @returns the outcome; a failure is recorded as an event, and not thrown unless the database
 * fails.
 */
export async function sendOwedMail(ports: AuthPorts, signal?: AbortSignal): Promise<MailOutcome> {
  const claimed = await ports.store.write(async (transaction) => {
    const owed = await transaction.claimMail(ports.clock.now(), nextMailAttemptAt);
    if (!owed) return 'none' as const;
    const letter = await decideMail(ports, transaction, owed);
    if (!letter || (owed.attempts === 1 && !(await countMail(ports, transaction, owed, letter)))) {
      await transaction.deleteMail(owed.id);
      return 'dropped' as const;
    }
    if (letter.token === undefined) return { owed, letter, mail: { kind: letter.kind, to: letter.to }, token: '' };
    const { token, expiresAt } = await issueToken(ports, transaction, letter.token);
    const carried = { to: letter.to, token, expiresInMs: expiresAt - ports.clock.now() };
    const mail: Mail =
      'about' in letter ? { kind: letter.kind, ...carried, ...letter.about } : { kind: letter.kind, ...carried };
    return { owed, letter, mail, token };
  });
  if (typeof claimed === 'string') return claimed;

  const { owed, letter, mail, token } = claimed;
  let error: unknown;
  let outcome: 'sent' | 'failed' | 'given_up' = 'sent';
  try {
    await ports.mailer.send(mail, signal);
  } catch (caught) {
    error = caught;
    outcome = owed.attempts < maxMailAttempts(owed.kind) ? 'failed' : 'given_up';
  }
  const secrets = [token, mail.to, owed.emailKey].filter((secret) => secret !== '');
  const failure = outcome === 'sent' ? undefined : describeMailFailure(error, secrets);
  await ports.store.write(async (transaction) => {
    if (outcome === 'sent' && token !== '') await transaction.noteTokenMailed(digestToken(token), ports.clock.now());
    if (outcome !== 'failed') await transaction.deleteMail(owed.id);
    const who = { userId: letter.userId, emailKey: owed.emailKey };
    const { type, detail } = describe(mail.kind, outcome, failure);
    await transaction.addEvent(authEvent(ports.clock, type, undefined, who, detail));
  });
  return outcome;
}

/** Resets have events of their own; those of other mails name the kind. */
function describe(
  kind: Mail['kind'],
  outcome: 'sent' | 'failed' | 'given_up',
  failure: string | undefined,
): { type: AuthEventType; detail: string | undefined } {
  if (kind === 'reset') return { type: `reset_mail_${outcome}`, detail: failure };
  return { type: `mail_${outcome}`, detail: failure === undefined ? kind : `${kind}: ${failure}` };
}
