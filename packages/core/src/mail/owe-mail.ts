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
