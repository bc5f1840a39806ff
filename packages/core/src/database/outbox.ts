import type { Knex } from 'knex';
import { CLOCK_SKEW_MS } from '../clock-skew.ts';
import { MAIL_MAX_ATTEMPTS } from '../mail/outbox.ts';
import type { OutboxMail, OutboxReads, OutboxWrites } from '../store.ts';
import { skipLocked } from './knex.ts';

type MailRow = ReturnType<typeof fromMail>;

function toMail(row: MailRow): OutboxMail {
  return {
    id: row.id,
    userId: row.user_id ?? undefined,
    attempts: row.attempts,
    createdAt: row.created_at,
    nextAttemptAt: row.next_attempt_at,
  };
}

function fromMail(mail: OutboxMail) {
  return {
    id: mail.id,
    user_id: mail.userId ?? null,
    attempts: mail.attempts,
    created_at: mail.createdAt,
    next_attempt_at: mail.nextAttemptAt,
  };
}

export const outboxReads = (read: Knex): OutboxReads => ({
  countOwedMails: async () => {
    const [counted] = await read('outbox').count({ mails: '*' });
    // PostgreSQL's counts are of 64 bits, and come as text.
    return Number(counted?.mails);
  },
});

export const outboxWrites = (trx: Knex.Transaction): OutboxWrites => ({
  addMail: async (mail) => {
    await trx('outbox').insert(fromMail(mail));
  },

  claimMail: async (nowMs, nextAttemptAt) => {
    const due = trx<MailRow>('outbox')
      .where('next_attempt_at', '<=', nowMs)
      .orWhere('next_attempt_at', '>', nextAttemptAt(MAIL_MAX_ATTEMPTS, nowMs) + CLOCK_SKEW_MS)
      .orderBy('next_attempt_at')
      .limit(1);
    const row = await skipLocked(trx, due).first();
    if (!row) return undefined;
    const mail = toMail(row);
    const attempts = mail.attempts + 1;
    const claimed = { ...mail, attempts, nextAttemptAt: nextAttemptAt(attempts, nowMs) };
    await trx<MailRow>('outbox').where({ id: mail.id }).update(fromMail(claimed));
    return claimed;
  },

  isOtherMailRetried: async ({ id, userId = '' }, maxAttempts) => {
    const others = trx<MailRow>('outbox').where({ user_id: userId }).whereNot({ id });
    // Whether a mail that was never tried is needed is decided when it is due.
    return (await others.where('attempts', '>', 0).where('attempts', '<', maxAttempts).first('id')) !== undefined;
  },

  deleteMail: async (id) => {
    await trx<MailRow>('outbox').where({ id }).delete();
  },
});
