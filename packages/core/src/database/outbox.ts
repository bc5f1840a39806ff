import type { Knex } from 'knex';
import { CLOCK_SKEW_MS } from '../clock-skew.ts';
import { LONGEST_RETRY_MS } from '../mail/outbox.ts';
import type { OutboxMail } from '../mail/outbox-mail.ts';
import type { OutboxReads, OutboxWrites } from '../store.ts';
import { skipLocked } from './knex.ts';
import { wherePending } from './one-time-tokens.ts';

type MailRow = ReturnType<typeof fromMail>;

function toMail(row: MailRow): OutboxMail {
  return {
    id: row.id,
    kind: row.kind,
    email: row.email,
    emailKey: row.email_key,
    userId: row.user_id ?? undefined,
    role: row.role ?? undefined,
    address: row.address ?? undefined,
    userAgent: row.user_agent ?? undefined,
    attempts: row.attempts,
    createdAt: row.created_at,
    nextAttemptAt: row.next_attempt_at,
  };
}

function fromMail(mail: OutboxMail) {
  return {
    id: mail.id,
    kind: mail.kind,
    email: mail.email,
    email_key: mail.emailKey,
    user_id: mail.userId ?? null,
    role: mail.role ?? null,
    address: mail.address ?? null,
    user_agent: mail.userAgent ?? null,
    attempts: mail.attempts,
    created_at: mail.createdAt,
    next_attempt_at: mail.nextAttemptAt,
  };
}

/** Where instances of version 1.0.0 owe their resets, by account; see migration 5. */
const OLD_TABLE = 'outbox';

export const outboxReads = (read: Knex): OutboxReads => ({
  countOwedMails: async () => {
    let mails = 0;
    for (const table of ['mails', OLD_TABLE]) {
      const [counted] = await read(table).count({ mails: '*' });
      // PostgreSQL's counts are of 64 bits, and come as text.
      mails += Number(counted?.mails);
    }
    return mails;
  },
});

export const outboxWrites = (trx: Knex.Transaction): OutboxWrites => ({
  addMail: async (mail) => {
    await trx('mails').insert(fromMail(mail));
  },

  claimMail: async (nowMs, nextAttemptAt) => {
    const row = (await dueIn(trx, 'mails', nowMs).first()) ?? (await takeOldMail(trx, nowMs));
    if (!row) return undefined;
    const mail = toMail(row);
    const attempts = mail.attempts + 1;
    const claimed = { ...mail, attempts, nextAttemptAt: nextAttemptAt(attempts, nowMs) };
    await trx<MailRow>('mails').where({ id: mail.id }).update(fromMail(claimed));
    return claimed;
  },

  isOtherMailRetried: async ({ id, kind, emailKey, userId }, maxAttempts) => {
    const others = trx<MailRow>('mails')
      .where({ kind, email_key: emailKey, user_id: userId ?? null })
      .whereNot({ id });
    // Whether a mail that was never tried is needed is decided when it is due.
    return (await others.where('attempts', '>', 0).where('attempts', '<', maxAttempts).first('id')) !== undefined;
  },

  deleteMail: async (id) => {
    await trx<MailRow>('mails').where({ id }).delete();
  },

  deleteMails: async (pendingOf, kinds) => {
    await wherePending(trx<MailRow>('mails'), pendingOf)
      .whereIn('kind', [...kinds])
      .delete();
  },

  deleteMailsAfter: async (userId, createdAt) => {
    await trx<MailRow>('mails').where({ user_id: userId }).where('created_at', '>', createdAt).delete();
  },
});

function dueIn(trx: Knex.Transaction, table: string, nowMs: number) {
  const due = trx<MailRow>(table)
    .where('next_attempt_at', '<=', nowMs)
    .orWhere('next_attempt_at', '>', nowMs + LONGEST_RETRY_MS + CLOCK_SKEW_MS)
    .orderBy(['next_attempt_at', 'id'])
    .limit(1);
  return skipLocked(trx, due);
}

/** One that is due is in no try of an old instance: it is ours from here on. */
async function takeOldMail(trx: Knex.Transaction, nowMs: number): Promise<MailRow | undefined> {
  for (;;) {
    const old = await dueIn(trx, OLD_TABLE, nowMs).first();
    if (!old) return undefined;
    await trx(OLD_TABLE).where({ id: old.id }).delete();
    const user = await trx('users')
      .where({ id: old.user_id ?? '' })
      .first('email', 'email_key');
    if (!user) continue;
    const { id, attempts, created_at, next_attempt_at } = old;
    const row: MailRow = {
      ...{
        id,
        kind: 'reset',
        email: user.email,
        email_key: user.email_key,
        user_id: null,
        role: null,
        address: null,
        user_agent: null,
      },
      ...{ attempts, created_at, next_attempt_at },
    };
    await trx<MailRow>('mails').insert(row);
    return row;
  }
}
