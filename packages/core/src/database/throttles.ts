import type { Knex } from 'knex';
import type { ThrottleReads, ThrottleState, ThrottleWrites } from '../store.ts';
import { keepLastLogins } from './users.ts';

type ThrottleRow = ReturnType<typeof fromThrottle>;

function toThrottle(row: ThrottleRow): ThrottleState {
  return {
    count: row.count,
    until: row.until,
    // SQLite has no booleans, and returns a number.
    noted: Boolean(row.noted),
    expiresAt: row.expires_at,
  };
}

function fromThrottle(key: string, state: ThrottleState) {
  return { key, count: state.count, until: state.until, noted: state.noted, expires_at: state.expiresAt };
}

export const throttleReads = (read: Knex): ThrottleReads => ({
  findThrottles: async (keys) => {
    const rows = await read<ThrottleRow>('throttles').whereIn('key', keys);
    return new Map(rows.map((row) => [row.key, toThrottle(row)]));
  },

  isKnownAddress: (...which) => isRemembered(read, 'last_login_at', ...which),
  hasLoggedInFrom: (...which) => isRemembered(read, 'logged_in_at', ...which),
});

async function isRemembered(
  read: Knex,
  column: string,
  ...[userId, network, { sinceMs, untilMs }]: Parameters<ThrottleReads['isKnownAddress']>
): Promise<boolean> {
  const known = read('known_addresses').where({ user_id: userId, network });
  known.where(column, '>', sinceMs).where(column, '<=', untilMs);
  return (await known.first('user_id')) !== undefined;
}

export const throttleWrites = (trx: Knex.Transaction): ThrottleWrites => ({
  lockThrottle: async (key) => {
    // The update changes nothing, but locks the row even while another transaction inserts it. A
    // row that this inserts has an expired count of 0, which has no effect.
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

  rememberAddress: async (userId, network, nowMs, { isLogin }) => {
    const row = { user_id: userId, network, last_login_at: nowMs, ...(isLogin && { logged_in_at: nowMs }) };
    await trx('known_addresses').insert(row).onConflict(['user_id', 'network']).merge();
  },

  forgetAddresses: async (userId) => {
    await keepLastLogins(trx, [userId]);
    await trx('known_addresses').where({ user_id: userId }).delete();
  },
});
