import type { Knex } from 'knex';
import type { AuthEvent } from '../event.ts';
import type { WriteTransaction } from '../ports.ts';
import { fromResetToken, fromSession, fromUser, type SessionRow, toUser, type UserRow } from './rows.ts';

/** The writes of one transaction; `events` collects what was recorded, for telling once it is committed. */
export function createWriteTransaction(trx: Knex.Transaction, events: AuthEvent[]): WriteTransaction {
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

    updatePasswordHash: async (userId, passwordHash, nowMs) => {
      await trx<UserRow>('users').where({ id: userId }).update({ password_hash: passwordHash, updated_at: nowMs });
    },

    insertSession: async (session) => {
      await trx('sessions').insert(fromSession(session));
    },

    deleteSession: async (tokenDigest) => {
      const [row] = await trx<SessionRow>('sessions').where({ token_digest: tokenDigest }).delete(['id', 'user_id']);
      return row && { id: row.id, userId: row.user_id };
    },

    deleteSessionsOfUser: async (userId) => {
      await trx('sessions').where({ user_id: userId }).delete();
    },

    replaceResetToken: async (token) => {
      await trx('reset_tokens').insert(fromResetToken(token)).onConflict('user_id').merge();
    },

    consumeResetToken: async (tokenDigest, userId, nowMs) => {
      const consumed = await trx('reset_tokens')
        .where({ token_digest: tokenDigest, user_id: userId })
        .where('expires_at', '>', nowMs)
        .delete();
      return consumed === 1;
    },

    addEvent: async (event) => {
      await trx('events').insert({
        at: event.at,
        type: event.type,
        user_id: event.userId ?? null,
        email_digest: event.emailDigest ?? null,
        session_id: event.sessionId ?? null,
        address: event.address ?? null,
        user_agent: event.userAgent ?? null,
      });
      events.push(event);
    },
  };
}
