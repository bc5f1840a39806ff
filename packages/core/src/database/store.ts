import type { Knex } from 'knex';
import type { AuthEvent } from '../audit/event.ts';
import type { Expiry, StaleSessions, Store, WriteTransaction } from '../store.ts';
import type { Database } from './database.ts';
import { deviceReads, deviceWrites } from './devices.ts';
import { translateDatabaseErrors } from './errors.ts';
import { eventReads, eventWrites } from './events.ts';
import { factorReads, factorWrites } from './factors.ts';
import { skipLocked } from './knex.ts';
import { tokenReads, tokenWrites } from './one-time-tokens.ts';
import { outboxReads, outboxWrites } from './outbox.ts';
import { sessionReads, sessionWrites } from './sessions.ts';
import { throttleReads, throttleWrites } from './throttles.ts';
import { keepLastLogins, userReads, userWrites } from './users.ts';

/** Called by the store before it answers. */
export interface StoreListeners {
  /** Called for each event of a transaction that was committed. */
  onEvent(event: AuthEvent): void;
  /** Called for any outcome, and before the events. */
  onStaleSessions(stale: StaleSessions): void;
  /** Called with what another listener throws; the commit succeeds all the same. */
  onListenerError(error: unknown): void;
  /** Called with what any method throws, after translation. */
  onFailure(error: unknown): void;
  /** Called after each `write`, for any outcome. */
  onWritten(durationMs: number): void;
}

/** The store over Knex. */
export function createKnexStore(database: Database, listeners: StoreListeners): Store {
  const { read } = database;
  const users = userReads(read);
  const factors = factorReads(read);
  const devices = deviceReads(read);
  const sessions = sessionReads(database);
  const tokens = tokenReads(read);
  const throttles = throttleReads(read);
  const outbox = outboxReads(read);
  const events = eventReads(read);

  /** Translate failures, and report them. */
  async function guard<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await translateDatabaseErrors(work);
    } catch (error) {
      listeners.onFailure(error);
      throw error;
    }
  }

  return {
    findUserById: (userId) => guard(() => users.findUserById(userId)),
    findUserByEmailKey: (emailKey) => guard(() => users.findUserByEmailKey(emailKey)),
    findTakenKeys: (emailKeys, nowMs) => guard(() => users.findTakenKeys(emailKeys, nowMs)),
    listUsers: (page) => guard(() => users.listUsers(page)),
    countRecoveryCodes: (userId) => guard(() => factors.countRecoveryCodes(userId)),
    findPendingTotp: (sessionDigest) => guard(() => factors.findPendingTotp(sessionDigest)),
    findPendingLogin: (digest) => guard(() => factors.findPendingLogin(digest)),
    listFactors: (userIds) => guard(() => factors.listFactors(userIds)),
    findDevice: (digest, userId) => guard(() => devices.findDevice(digest, userId)),
    listDevices: (userId) => guard(() => devices.listDevices(userId)),
    findActiveSession: (tokenDigest) => guard(() => sessions.findActiveSession(tokenDigest)),
    listSessions: (userId) => guard(() => sessions.listSessions(userId)),
    saveSessionUses: (uses) => guard(() => sessions.saveSessionUses(uses)),
    findLastLogins: (userIds) => guard(() => users.findLastLogins(userIds)),
    findToken: (digest, purposes) => guard(() => tokens.findToken(digest, purposes)),
    findWithheldToken: (userId, purpose) => guard(() => tokens.findWithheldToken(userId, purpose)),
    findThrottles: (keys) => guard(() => throttles.findThrottles(keys)),
    isKnownAddress: (userId, network, within) => guard(() => throttles.isKnownAddress(userId, network, within)),
    hasLoggedInFrom: (userId, network, within) => guard(() => throttles.hasLoggedInFrom(userId, network, within)),
    countOwedMails: () => guard(outbox.countOwedMails),
    listEvents: (page) => guard(() => events.listEvents(page)),
    deleteExpired: (expiry, limit) => guard(() => deleteExpiredRows(database, expiry, limit)),
    findDefault: (setting) => guard(async () => (await read('defaults').where({ setting }).first('value'))?.value),
    isReady: () => guard(database.isMigrated),
    write: async (work) => {
      const startedAt = performance.now();
      try {
        return await guard(() => writeAndNotify(database, listeners, work));
      } finally {
        listeners.onWritten(performance.now() - startedAt);
      }
    },
  };
}

async function writeAndNotify<T>(
  database: Database,
  { onEvent, onStaleSessions, onListenerError }: StoreListeners,
  work: (transaction: WriteTransaction) => Promise<T>,
): Promise<T> {
  const stale: StaleSessions[] = [];
  let events: AuthEvent[] = [];
  try {
    const result = await database.transaction((trx) => {
      // Of the last try only: after a conflict, `work` runs again.
      events = [];
      return work(createWriteTransaction(trx, events, stale));
    });
    // Not before the commit: a read under way would put the row back into the cache.
    notifyAll(stale.splice(0), onStaleSessions, onListenerError);
    notifyAll(events, onEvent, onListenerError);
    return result;
  } finally {
    // After a failure: COMMIT may have reached the disk although its answer did not reach us.
    notifyAll(stale, onStaleSessions, onListenerError);
  }
}

function createWriteTransaction(trx: Knex.Transaction, events: AuthEvent[], stale: StaleSessions[]): WriteTransaction {
  return {
    ...userWrites(trx, stale),
    ...factorWrites(trx),
    ...deviceWrites(trx),
    ...sessionWrites(trx, stale),
    ...tokenWrites(trx),
    ...throttleWrites(trx),
    ...outboxWrites(trx),
    ...eventWrites(trx, events),
  };
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

/** A kind of row that expires: table, key, and the column that is compared with `<=`. */
type ExpiringRows = readonly [table: string, key: string, column: string, until: number];

/**
 * Delete at most `limit` rows of each kind, each kind in a transaction of its own. Instances that
 * do so at the same time take different rows.
 *
 * @returns how many were deleted.
 */
async function deleteExpiredRows(database: Database, expiry: Expiry, limit: number): Promise<number> {
  const kinds: readonly ExpiringRows[] = [
    ['sessions', 'token_digest', 'expires_at', expiry.sessionsEndedBy],
    ['sessions', 'token_digest', 'last_used_at', expiry.sessionsUnusedSince],
    ['pending_logins', 'digest', 'expires_at', expiry.sessionsEndedBy],
    ['pending_totp', 'session_digest', 'expires_at', expiry.sessionsEndedBy],
    ['devices', 'digest', 'expires_at', expiry.sessionsEndedBy],
    ['reserved_addresses', 'email_key', 'expires_at', expiry.sessionsEndedBy],
    ['one_time_tokens', 'digest', 'expires_at', expiry.sessionsEndedBy],
    ['reset_tokens', 'user_id', 'expires_at', expiry.sessionsEndedBy],
    ['throttles', 'key', 'expires_at', expiry.sessionsEndedBy],
    ['known_addresses', 'user_id', 'last_login_at', expiry.addressesUnusedSince],
    ['events', 'id', 'at', expiry.eventsBefore],
  ];
  let total = 0;
  for (const [table, key, column, until] of kinds) {
    // Asked first, so that an hour in which nothing expires writes nothing.
    const oldest = await database.read(table).where(column, '<=', until).first(key);
    if (oldest === undefined) continue;
    total += await database.transaction(async (trx) => {
      const expired = trx(table).where(column, '<=', until);
      const found = await skipLocked(trx, expired.clone().limit(limit)).pluck(key);
      if (table === 'known_addresses') await keepLastLogins(trx, found);
      return expired.whereIn(key, found).delete();
    });
  }
  return total;
}
