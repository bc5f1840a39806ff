import type { Knex } from 'knex';
import type { AuthEvent, StoredEvent } from '../audit/event.ts';
import type { EventReads, EventWrites } from '../store.ts';

type StoredEventRow = ReturnType<typeof fromEvent> & { id: number; email: string | null };

function toEvent(row: StoredEventRow): StoredEvent {
  return {
    id: row.id,
    at: row.at,
    type: row.type,
    userId: row.user_id ?? undefined,
    email: row.email ?? undefined,
    emailDigest: row.email_digest ?? undefined,
    sessionId: row.session_id ?? undefined,
    address: row.address ?? undefined,
    userAgent: row.user_agent ?? undefined,
    detail: row.detail ?? undefined,
  };
}

function fromEvent(event: AuthEvent) {
  return {
    at: event.at,
    type: event.type,
    user_id: event.userId ?? null,
    email_digest: event.emailDigest ?? null,
    session_id: event.sessionId ?? null,
    address: event.address ?? null,
    user_agent: event.userAgent ?? null,
    detail: event.detail ?? null,
  };
}

export const eventReads = (read: Knex): EventReads => ({
  listEvents: async ({ userId, sinceMs, afterId, newest, limit }) => {
    const query = read('events')
      .leftJoin('users', 'users.id', 'events.user_id')
      .select<StoredEventRow[]>('events.*', 'users.email')
      .orderBy('events.id', newest ? 'desc' : 'asc')
      .limit(limit);
    if (userId !== undefined) query.where('events.user_id', userId);
    if (sinceMs !== undefined) query.where('events.at', '>=', sinceMs);
    if (afterId !== undefined) query.where('events.id', '>', afterId);
    const events = (await query).map(toEvent);
    return newest ? events.reverse() : events;
  },
});

/** @param recorded takes what is recorded, in order. */
export const eventWrites = (trx: Knex.Transaction, recorded: AuthEvent[]): EventWrites => ({
  addEvent: async (event, emailKey) => {
    const row = fromEvent(event);
    // In the statement, so that it takes as long for an address without an account.
    const userId = emailKey === undefined ? row.user_id : trx('users').where({ email_key: emailKey }).select('id');
    await trx('events').insert({ ...row, user_id: userId });
    recorded.push(event);
  },
});
