import type { User } from '../accounts/user.ts';
import type { AuthPorts } from '../ports.ts';
import { networkOf, type Requester } from '../requester.ts';
import type { WriteTransaction } from '../store.ts';
import type { NoticeKind, OutboxMail } from './outbox-mail.ts';

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
 * Owe the owner of an account a mail about what just happened to it. It goes to a proven address
 * alone: another may be a stranger's.
 *
 * @param user as it was before: the notice of a change of email goes to the old address.
 */
export async function oweNotice(
  ports: AuthPorts,
  transaction: WriteTransaction,
  kind: NoticeKind,
  { id: userId, email, emailKey, emailVerified }: Pick<User, 'id' | 'email' | 'emailKey' | 'emailVerified'>,
  client: Requester | undefined,
): Promise<void> {
  if (!ports.policy.sendsMail || !emailVerified) return;
  const from = { address: client && networkOf(client.address), userAgent: client?.userAgent?.slice(0, 256) };
  await oweMail(ports, transaction, { kind, userId, email, emailKey, ...from });
}
