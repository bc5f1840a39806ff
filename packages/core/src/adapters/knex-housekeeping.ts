import type { Knex } from 'knex';
import type { Expiry } from '../ports.ts';

/** Each kind of row that expires: its table, its key, and the column that tells, compared with `<=`. */
type ExpiringRows = readonly [table: string, key: string, column: string, until: number];

/** Deletes at most `limit` rows of each kind, each kind in a transaction of its own. @returns how many went. */
export async function deleteExpiredRows(knex: Knex, expiry: Expiry, limit: number): Promise<number> {
  const kinds: readonly ExpiringRows[] = [
    ['sessions', 'token_digest', 'expires_at', expiry.sessionsEndedBy],
    ['sessions', 'token_digest', 'last_used_at', expiry.sessionsUnusedSince],
    ['reset_tokens', 'user_id', 'expires_at', expiry.sessionsEndedBy],
    ['throttles', 'key', 'expires_at', expiry.sessionsEndedBy],
    ['known_addresses', 'user_id', 'last_login_at', expiry.addressesUnusedSince],
    ['events', 'id', 'at', expiry.eventsBefore],
  ];
  let total = 0;
  for (const [table, key, column, until] of kinds) {
    const expired = knex(table).where(column, '<=', until);
    // Asked first, so that an hour in which nothing expires writes nothing.
    const found = await expired.clone().limit(limit).pluck(key);
    if (found.length > 0) total += await expired.whereIn(key, found).delete();
  }
  return total;
}
