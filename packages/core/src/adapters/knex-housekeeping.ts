import type { Expiry } from '../store.ts';
import type { Database } from './database.ts';
import { lockFreeRows } from './lock-free-rows.ts';

/** Each kind of row that expires: its table, its key, and the column that tells, compared with `<=`. */
type ExpiringRows = readonly [table: string, key: string, column: string, until: number];

/**
 * Deletes at most `limit` rows of each kind, each kind in a transaction of its own; instances that do so at the same time share the rows out.
 *
 * @returns how many went.
 */
export async function deleteExpiredRows(database: Database, expiry: Expiry, limit: number): Promise<number> {
  const kinds: readonly ExpiringRows[] = [
    ['sessions', 'token_digest', 'expires_at', expiry.sessionsEndedBy],
    ['sessions', 'token_digest', 'last_used_at', expiry.sessionsUnusedSince],
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
      const found = await lockFreeRows(trx, expired.clone().limit(limit)).pluck(key);
      return expired.whereIn(key, found).delete();
    });
  }
  return total;
}
