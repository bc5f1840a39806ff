import type { AuthEvent } from '../event.ts';
import { CLOCK_SKEW_MS } from '../other-time.ts';
import type { StaleSessions, Store } from '../store.ts';
import { translateDatabaseErrors } from './database-error.ts';
import type { Database } from './database.ts';
import { deleteExpiredRows } from './knex-housekeeping.ts';
import { findTokenRow } from './knex-tokens.ts';
import { createWriteTransaction } from './knex-write-transaction.ts';
import { findPreparedRow } from './prepared-row.ts';
import { type ActiveSessionRow, type EventRow, type SessionRow, type ThrottleRow, toActiveSession, toEvent, toSession, toThrottle, toUser, type UserRow } from './rows.ts';

const USES_PER_TRANSACTION = 500;

/** Asked at every request where many instances share a database, and where a session is not held in memory. */
const FIND_ACTIVE_SESSION = `
  select sessions.token_digest, sessions.id, sessions.user_id, sessions.created_at, sessions.last_used_at, sessions.expires_at,
    users.email, users.email_verified, users.role, users.created_at as user_created_at
  from sessions join users on users.id = sessions.user_id
  where sessions.token_digest = ? and users.disabled_at is null`;

/** What hears of a transaction that has settled, before `write` does. */
export interface StoreListeners {
  /** Called for each event of a transaction that was committed. */
  onEvent(event: AuthEvent): void;
  /** Called whatever the outcome, and before the events. */
  onStaleSessions(stale: StaleSessions): void;
  /** Called with what another listener throws: no commit fails by it. */
  onListenerError(error: unknown): void;
}

/** The store over Knex. */
export function createKnexStore(database: Database, listeners: StoreListeners): Store {
  const { read } = database;
  const store: Store = {
    findUserById: async (userId) => {
      const row = await read<UserRow>('users').where({ id: userId }).first();
      return row && toUser(row);
    },

    findUserByEmailKey: async (emailKey) => {
      const row = await read<UserRow>('users').where({ email_key: emailKey }).first();
      return row && toUser(row);
    },

    findEmailKeys: async (emailKeys) => {
      return new Set(await read<UserRow>('users').whereIn('email_key', emailKeys).pluck('email_key'));
    },

    listUsers: async ({ search, afterEmailKey, limit }) => {
      const query = read<UserRow>('users').orderBy('email_key').limit(limit);
      if (afterEmailKey !== undefined) query.where('email_key', '>', afterEmailKey);
      if (search !== undefined) {
        const escaped = search.toLowerCase().replace(/[\\%_]/g, (character) => `\\${character}`);
        query.whereRaw(`email_key like ? escape '\\'`, [`%${escaped}%`]);
      }
      return (await query).map(toUser);
    },

    findActiveSession: async (tokenDigest) => {
      const row = await findPreparedRow(read, 'find_active_session', FIND_ACTIVE_SESSION, [tokenDigest]);
      return row === undefined ? undefined : toActiveSession(row as ActiveSessionRow);
    },

    listSessions: async (userId) => {
      return (await read<SessionRow>('sessions').where({ user_id: userId })).map(toSession);
    },

    findToken: (digest, purpose) => findTokenRow(read, digest, purpose),

    findThrottles: async (keys) => {
      const rows = await read<ThrottleRow>('throttles').whereIn('key', keys);
      return new Map(rows.map((row) => [row.key, toThrottle(row)]));
    },

    isKnownAddress: async (userId, network, { sinceMs, untilMs }) => {
      const known = read('known_addresses').where({ user_id: userId, network });
      known.where('last_login_at', '>', sinceMs).where('last_login_at', '<=', untilMs);
      return (await known.first('user_id')) !== undefined;
    },

    listEvents: async ({ userId, sinceMs, afterId, newest, limit }) => {
      const query = read<EventRow>('events')
        .orderBy('id', newest ? 'desc' : 'asc')
        .limit(limit);
      if (userId !== undefined) query.where({ user_id: userId });
      if (sinceMs !== undefined) query.where('at', '>=', sinceMs);
      if (afterId !== undefined) query.where('id', '>', afterId);
      const events = (await query).map(toEvent);
      return newest ? events.reverse() : events;
    },

    write: async (work) => {
      const stale: StaleSessions[] = [];
      let events: AuthEvent[] = [];
      try {
        const result = await database.transaction((trx) => {
          // Of the last try alone: after a conflict, `work` runs again.
          events = [];
          return work(createWriteTransaction(trx, { events, stale }));
        });
        // Not before the commit: a read under way would put the row back into the cache.
        notifyAll(stale.splice(0), listeners.onStaleSessions, listeners.onListenerError);
        notifyAll(events, listeners.onEvent, listeners.onListenerError);
        return result;
      } finally {
        // After a failure: COMMIT may have reached the disk although its answer did not reach us.
        notifyAll(stale, listeners.onStaleSessions, listeners.onListenerError);
      }
    },

    saveSessionUses: async (uses) => {
      // In one order everywhere, so that two instances never wait for each other's rows.
      const entries = [...uses].sort(([one], [other]) => (one < other ? -1 : 1));
      for (let start = 0; start < entries.length; start += USES_PER_TRANSACTION) {
        const batch = entries.slice(start, start + USES_PER_TRANSACTION);
        const values = batch.map(() => '(?, cast(? as bigint))').join();
        await database.transaction(async (trx) => trx.raw(saveUses(values), batch.flat()));
      }
    },

    countOwedMails: async () => {
      const [counted] = await read('outbox').count({ mails: '*' });
      // PostgreSQL's counts are of 64 bits, and come as text.
      return Number(counted?.mails);
    },

    deleteExpired: (expiry, limit) => deleteExpiredRows(database, expiry, limit),

    isReady: database.isMigrated,
  };
  return translateErrorsOf(store);
}

function notifyAll<T>(items: readonly T[], notify: (item: T) => void, onError: (error: unknown) => void): void {
  for (const item of items) {
    try {
      notify(item);
    } catch (error) {
      onError(error);
    }
  }
}

/** One statement for a batch: where more sessions are in use than are held in memory, nearly each check leaves a use to be stored. */
function saveUses(values: string): string {
  // Another instance may have stored a later one; one that is yet to come was stored before the
  // clock was set back.
  return `update sessions set last_used_at = uses.column2 from (values ${values}) as uses
    where token_digest = uses.column1
    and (last_used_at < uses.column2 or last_used_at > uses.column2 + ${CLOCK_SKEW_MS})`;
}

/** Every method of the store speaks of the database's troubles in the rules' words. */
function translateErrorsOf(store: Store): Store {
  const translated = Object.entries(store).map(([name, method]) => [
    name,
    (...parameters: unknown[]) => translateDatabaseErrors(() => method(...parameters)),
  ]);
  return Object.fromEntries(translated);
}
