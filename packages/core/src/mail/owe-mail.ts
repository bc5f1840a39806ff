import type { User } from '../accounts/user.ts';
import type { AuthPorts } from '../ports.ts';
import type { OutboxMail, WriteTransaction } from '../store.ts';

/** Put a mail into the outbox, due at once, in the transaction of what it is about. */
export async function oweMail(
  { clock, random }: AuthPorts,
  transaction: WriteTransaction,
  mail: Omit<OutboxMail, 'id' | 'attempts' | 'createdAt' | 'nextAttemptAt'>,
): Promise<void> {
  const now = clock.now();
  await transaction.addMail({ ...mail, id: random.uuid(), attempts: 0, createdAt: now, nextAttemptAt: now });
}

/**
 * Owe the owner of an account a mail that only says something. It goes to a proven address alone:
 * another may be a stranger's.
 */
export async function oweNotice(
  ports: AuthPorts,
  transaction: WriteTransaction,
  kind: 'recovery_code_used' | 'wrong_codes',
  { id: userId, email, emailKey, emailVerified }: Pick<User, 'id' | 'email' | 'emailKey' | 'emailVerified'>,
): Promise<void> {
  if (ports.policy.sendsMail && emailVerified) await oweMail(ports, transaction, { kind, userId, email, emailKey });
}
