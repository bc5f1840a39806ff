import type { Knex } from 'knex';
import type { AuthEvent } from '../event.ts';
import { CLOCK_SKEW_MS } from '../other-time.ts';
import { MAIL_MAX_ATTEMPTS } from '../outbox.ts';
import type { StaleSessions, WriteTransaction } from '../store.ts';
import { createTokenTransaction } from './knex-tokens.ts';
import { lockFreeRows } from './lock-free-rows.ts';
import { fromEvent, fromMail, fromSession, fromThrottle, fromUser, type MailRow, type SessionRow, type ThrottleRow, toMail, toThrottle, toUser, type UserRow } from './rows.ts';

const SESSIONS_PER_STATEMENT = 10_000;

/** What the store passes on once a transaction has settled. */
export interface Aftermath {
  /** Recorded events. */
  readonly events: AuthEvent[];
  /** Noted before the statement that makes them stale, whose answer may be lost. */
  readonly stale: StaleSessions[];
}

/** The writes of one transaction. */
export function createWriteTransaction(trx: Knex.Transaction, { events, stale }: Aftermath): WriteTransaction {
  /** The way to change what a session check hands out of a user. */
  const changeUser = (userId: string) => {
    stale.push({ userId });
    return trx<UserRow>('users').where({ id: userId });
  };
  return {
    lockUser: async (userId) => {
      // SQLite holds the whole database already, and leaves FOR UPDATE out.
      const row = await trx<UserRow>('users').where({ id: userId }).forUpdate().first();
      return row && toUser(row);
    },

    insertUser: async (user) => {
      const inserted = await trx('users').insert(fromUser(user)).onConflict('email_key').ignore().returning('id');
      return inserted.length === 1;
    },

    insertUsers: async (users) => {
      const rows = users.map(fromUser);
      const inserted: { email_key: string }[] = await trx('users')
        .insert(rows)
        .onConflict('email_key')
        .ignore()
        .returning('email_key');
      return new Set(inserted.map(({ email_key }) => email_key));
    },

    updateEmail: async (userId, email, emailKey, nowMs) => {
      const taken = await trx<UserRow>('users').where({ email_key: emailKey }).whereNot({ id: userId }).first('id');
      if (taken) return false;
      const changed = { email, email_key: emailKey, email_verified: false, updated_at: nowMs };
      await changeUser(userId).update(changed);
      return true;
    },

    setRole: async (userId, role, nowMs) => {
      await changeUser(userId).update({ role, updated_at: nowMs });
    },

    setEmailVerified: async (userId, nowMs) => {
      await changeUser(userId).update({ email_verified: true, updated_at: nowMs });
    },

    setDisabledAt: async (userId, disabledAt) => {
      await changeUser(userId).update({ disabled_at: disabledAt ?? null });
    },

    deleteUser: async (userId) => {
      await changeUser(userId).delete();
    },

    updatePasswordHash: async (userId, passwordHash, nowMs) => {
      await trx<UserRow>('users').where({ id: userId }).update({ password_hash: passwordHash, updated_at: nowMs });
    },

    insertSession: async (session) => {
      await trx('sessions').insert(fromSession(session));
    },

    // Read, then deleted: Knex gives no rows back from a DELETE on SQLite.
    deleteSession: async (tokenDigest) => {
      stale.push({ tokenDigest });
      const session = trx<SessionRow>('sessions').where({ token_digest: tokenDigest });
      const row = await session.clone().forUpdate().first('id', 'user_id');
      if (row) await session.delete();
      return row && { id: row.id, userId: row.user_id };
    },

    deleteSessionById: async (sessionId, userId) => {
      const session = trx<SessionRow>('sessions').where({ id: sessionId, user_id: userId });
      const row = await session.clone().forUpdate().first('token_digest');
      if (!row) return undefined;
      stale.push({ tokenDigest: row.token_digest });
      await session.delete();
      return row.token_digest;
    },

    deleteSessionsOfUser: (userId, exceptTokenDigest = '') => {
      stale.push({ userId });
      const sessions = trx<SessionRow>('sessions').where({ user_id: userId });
      return sessions.whereNot({ token_digest: exceptTokenDigest }).delete();
    },

    deleteAllSessions: async () => {
      stale.push('all');
      let total = 0;
      let deleted: number;
      do {
        // No statement may take as long as deleting millions of rows does.
        const some = trx<SessionRow>('sessions').select('token_digest').limit(SESSIONS_PER_STATEMENT);
        deleted = await trx<SessionRow>('sessions').whereIn('token_digest', some).delete();
        total += deleted;
      } while (deleted === SESSIONS_PER_STATEMENT);
      return total;
    },

    hasSession: async (tokenDigest) => {
      // Waits for whoever is about to end it, where transactions run side by side.
      const found = await trx<SessionRow>('sessions').where({ token_digest: tokenDigest }).forShare().first('id');
      // Its row went by another way, such as a cascade: no cache may know better.
      if (!found) stale.push({ tokenDigest });
      return found !== undefined;
    },

    ...createTokenTransaction(trx),

    lockThrottle: async (key) => {
      // The update changes nothing but takes the row's lock, also where another transaction is inserting it; an expired count of 0 counts nothing.
      const unused = fromThrottle(key, { count: 0, until: 0, noted: false, expiresAt: 0 });
      const [row] = await trx<ThrottleRow>('throttles').insert(unused).onConflict('key').merge(['key']).returning('*');
      return row && toThrottle(row);
    },

    saveThrottle: async (key, state) => {
      await trx<ThrottleRow>('throttles').where({ key }).update(fromThrottle(key, state));
    },

    clearThrottles: async (keys) => {
      await trx<ThrottleRow>('throttles').whereIn('key', keys).delete();
    },

    rememberAddress: async (userId, network, nowMs) => {
      const row = { user_id: userId, network, last_login_at: nowMs };
      await trx('known_addresses').insert(row).onConflict(['user_id', 'network']).merge();
    },

    addMail: async (mail) => {
      await trx('outbox').insert(fromMail(mail));
    },

    claimMail: async (nowMs, nextAttemptAt) => {
      const due = trx<MailRow>('outbox')
        .where('next_attempt_at', '<=', nowMs)
        .orWhere('next_attempt_at', '>', nextAttemptAt(MAIL_MAX_ATTEMPTS, nowMs) + CLOCK_SKEW_MS)
        .orderBy('next_attempt_at')
        .limit(1);
      const row = await lockFreeRows(trx, due).first();
      if (!row) return undefined;
      const mail = toMail(row);
      const attempts = mail.attempts + 1;
      const claimed = { ...mail, attempts, nextAttemptAt: nextAttemptAt(attempts, nowMs) };
      await trx<MailRow>('outbox').where({ id: mail.id }).update(fromMail(claimed));
      return claimed;
    },

    isOtherMailRetried: async ({ id, userId = '' }, maxAttempts) => {
      const others = trx<MailRow>('outbox').where({ user_id: userId }).whereNot({ id });
      // One that was never tried answers for itself.
      return (await others.where('attempts', '>', 0).where('attempts', '<', maxAttempts).first('id')) !== undefined;
    },

    deleteMail: async (id) => {
      await trx<MailRow>('outbox').where({ id }).delete();
    },

    addEvent: async (event) => {
      await trx('events').insert(fromEvent(event));
      events.push(event);
    },
  };
}
