import type { AuthEvent } from '../event.ts';
import type { Store } from '../ports.ts';
import type { Database } from './database.ts';
import { translateDatabaseErrors } from './database-error.ts';
import { createWriteTransaction } from './knex-write-transaction.ts';
import {
  type ActiveSessionRow,
  type ResetTokenRow,
  type ThrottleRow,
  toActiveSession,
  toResetToken,
  toThrottle,
  toUser,
  type UserRow,
} from './rows.ts';

const USES_PER_TRANSACTION = 500;

/**
 * The store over Knex.
 *
 * @param onEvent told of each event once its transaction is committed.
 */
export function createKnexStore({ read, write, isMigrated }: Database, onEvent: (event: AuthEvent) => void): Store {
  const writeTransaction: Store['write'] = async (work) => {
    const events: AuthEvent[] = [];
    const result = await translateDatabaseErrors(() =>
      write.transaction((trx) => work(createWriteTransaction(trx, events))),
    );
    for (const event of events) onEvent(event);
    return result;
  };

  return {
    findUserByEmailKey: (emailKey) =>
      translateDatabaseErrors(async () => {
        const row = await read<UserRow>('users').where({ email_key: emailKey }).first();
        return row && toUser(row);
      }),

    findActiveSession: (tokenDigest) =>
      translateDatabaseErrors(async () => {
        const row: ActiveSessionRow | undefined = await read('sessions')
          .join('users', 'users.id', 'sessions.user_id')
          .where('sessions.token_digest', tokenDigest)
          .whereNull('users.disabled_at')
          .first('sessions.*', 'users.email');
        return row && toActiveSession(row);
      }),

    findResetToken: (tokenDigest) =>
      translateDatabaseErrors(async () => {
        const row = await read<ResetTokenRow>('reset_tokens').where({ token_digest: tokenDigest }).first();
        return row && toResetToken(row);
      }),

    findThrottles: (keys) =>
      translateDatabaseErrors(async () => {
        const rows = await read<ThrottleRow>('throttles').whereIn('key', keys);
        return new Map(rows.map((row) => [row.key, toThrottle(row)]));
      }),

    isKnownAddress: (userId, network, sinceMs) =>
      translateDatabaseErrors(async () => {
        const found = await read('known_addresses')
          .where({ user_id: userId, network })
          .where('last_login_at', '>', sinceMs)
          .first('user_id');
        return found !== undefined;
      }),

    write: writeTransaction,

    saveSessionUses: async (uses) => {
      const entries = [...uses];
      for (let start = 0; start < entries.length; start += USES_PER_TRANSACTION) {
        const batch = entries.slice(start, start + USES_PER_TRANSACTION);
        await translateDatabaseErrors(() =>
          write.transaction(async (trx) => {
            for (const [tokenDigest, lastUsedAt] of batch) {
              await trx('sessions').where({ token_digest: tokenDigest }).update({ last_used_at: lastUsedAt });
            }
          }),
        );
      }
    },

    isReady: () => translateDatabaseErrors(isMigrated),
  };
}
