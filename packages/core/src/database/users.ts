import type { Knex } from 'knex';
import type { User } from '../accounts/user.ts';
import type { StaleSessions, UserReads, UserWrites } from '../store.ts';

export type UserRow = ReturnType<typeof fromUser>;

function toUser(row: UserRow): User {
  return {
    id: row.id,
    email: row.email,
    emailKey: row.email_key,
    passwordHash: row.password_hash,
    role: row.role,
    // SQLite has no booleans, and returns a number.
    emailVerified: Boolean(row.email_verified),
    secondFactorAt: row.second_factor_at ?? undefined,
    disabledAt: row.disabled_at ?? undefined,
    lockedAt: row.locked_at ?? undefined,
    noticedSince: row.noticed_since ?? undefined,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}

function fromUser(user: User) {
  return {
    id: user.id,
    email: user.email,
    email_key: user.emailKey,
    password_hash: user.passwordHash,
    role: user.role,
    email_verified: user.emailVerified,
    second_factor_at: user.secondFactorAt ?? null,
    disabled_at: user.disabledAt ?? null,
    locked_at: user.lockedAt ?? null,
    noticed_since: user.noticedSince ?? null,
    created_at: user.createdAt,
    updated_at: user.updatedAt,
  };
}

export const userReads = (read: Knex): UserReads => ({
  findUserById: async (userId) => {
    const row = await read<UserRow>('users').where({ id: userId }).first();
    return row && toUser(row);
  },

  findUserByEmailKey: async (emailKey) => {
    const row = await read<UserRow>('users').where({ email_key: emailKey }).first();
    return row && toUser(row);
  },

  findTakenKeys: async (emailKeys, nowMs) => {
    const taken: string[] = await read<UserRow>('users').whereIn('email_key', emailKeys).pluck('email_key');
    const reserved = read('reserved_addresses').whereIn('email_key', emailKeys).where('expires_at', '>', nowMs);
    return new Set(taken.concat(await reserved.pluck('email_key')));
  },

  listUsers: async ({ search, afterEmailKey, role, emailVerified, disabled, noLoginSinceMs, limit }) => {
    const query = read<UserRow>('users').orderBy('email_key').limit(limit);
    if (role !== undefined) query.where({ role });
    if (emailVerified !== undefined) query.where({ email_verified: emailVerified });
    if (disabled !== undefined) disabled ? query.whereNotNull('disabled_at') : query.whereNull('disabled_at');
    if (noLoginSinceMs !== undefined) {
      const since = read('known_addresses').whereRaw('known_addresses.user_id = users.id');
      query.whereRaw('coalesce(last_login_at, 0) < ?', [noLoginSinceMs]);
      query.whereNotExists(since.where('logged_in_at', '>=', noLoginSinceMs));
    }
    if (afterEmailKey !== undefined) query.where('email_key', '>', afterEmailKey);
    if (search !== undefined) {
      const escaped = search.toLowerCase().replace(/[\\%_]/g, (character) => `\\${character}`);
      query.whereRaw(`email_key like ? escape '\\'`, [`%${escaped}%`]);
    }
    return (await query).map(toUser);
  },

  findLastLogins: async (userIds) => {
    const rows: { id: string; last_login_at: number | null; latest: number | null }[] = await read('users')
      .leftJoin('known_addresses', 'known_addresses.user_id', 'users.id')
      .whereIn('users.id', userIds)
      .groupBy('users.id', 'users.last_login_at')
      .select('users.id', 'users.last_login_at')
      .max({ latest: 'known_addresses.logged_in_at' });
    const times = rows.map(({ id, last_login_at: kept, latest }): [string, number] => [
      id,
      Number(latest ?? kept ?? 0),
    ]);
    return new Map(times.filter(([, time]) => time > 0));
  },
});

/** Keep when users last logged in, before the addresses that say so are forgotten. */
export async function keepLastLogins(trx: Knex.Transaction, userIds: readonly string[]): Promise<void> {
  const latest = '(select max(logged_in_at) from known_addresses where user_id = users.id)';
  await trx('users')
    .whereIn('id', userIds)
    .update({ last_login_at: trx.raw(`coalesce(${latest}, last_login_at)`) });
}

export function userWrites(trx: Knex.Transaction, stale: StaleSessions[]): UserWrites {
  /** Must be used to change what a session check returns about a user. */
  const changeUser = (userId: string) => {
    stale.push({ userId });
    return trx<UserRow>('users').where({ id: userId });
  };
  /** Those of the keys that another account has left, and may have to go back to. */
  const reserved = async (emailKeys: readonly string[], nowMs: number, exceptUserId = ''): Promise<string[]> => {
    const kept = trx('reserved_addresses').whereIn('email_key', emailKeys).whereNot({ user_id: exceptUserId });
    return kept.where('expires_at', '>', nowMs).pluck('email_key');
  };
  return {
    isReserved: async (emailKey, nowMs) => (await reserved([emailKey], nowMs)).length > 0,

    lockUser: async (userId) => {
      // SQLite holds the whole database already, and leaves FOR UPDATE out.
      const row = await trx<UserRow>('users').where({ id: userId }).forUpdate().first();
      return row && toUser(row);
    },

    lockUserByEmailKey: async (emailKey) => {
      const row = await trx<UserRow>('users').where({ email_key: emailKey }).forUpdate().first();
      return row && toUser(row);
    },

    insertUser: async (user) => {
      const inserted = await trx('users').insert(fromUser(user)).onConflict('email_key').ignore().returning('id');
      if (inserted.length === 0) return false;
      // Afterwards: the insert waits for an account that is just leaving the address.
      if ((await reserved([user.emailKey], user.createdAt)).length === 0) return true;
      await trx<UserRow>('users').where({ id: user.id }).delete();
      return false;
    },

    insertUsers: async (users) => {
      const now = Math.max(...users.map(({ updatedAt }) => updatedAt));
      const inserted: string[] = (
        await trx('users').insert(users.map(fromUser)).onConflict('email_key').ignore().returning('email_key')
      ).map(({ email_key }) => email_key);
      const kept = await reserved(inserted, now);
      if (kept.length > 0) await trx<UserRow>('users').whereIn('email_key', kept).delete();
      return new Set(inserted.filter((key) => !kept.includes(key)));
    },

    updateEmail: async (userId, { email, emailKey, emailVerified }, nowMs) => {
      // Locked, so that it waits for an account that is just leaving the address.
      const owner = trx<UserRow>('users').where({ email_key: emailKey }).whereNot({ id: userId });
      const taken = await owner.forUpdate().first('id');
      if (taken || (await reserved([emailKey], nowMs, userId)).length > 0) return false;
      const changed = { email, email_key: emailKey, email_verified: emailVerified, updated_at: nowMs };
      await changeUser(userId).update(changed);
      return true;
    },

    setRole: async (userId, role, nowMs) => {
      await changeUser(userId).update({ role, updated_at: nowMs });
    },

    setEmailVerified: async (userId, nowMs) => {
      await changeUser(userId).update({ email_verified: true, updated_at: nowMs });
    },

    setLockedAt: async (userId, lockedAt) => {
      await changeUser(userId).update({ locked_at: lockedAt ?? null });
    },

    noteLogins: async (userId, nowMs) => {
      await trx<UserRow>('users').where({ id: userId }).update({ noticed_since: nowMs });
    },

    reserveAddress: async (userId, emailKey, expiresAt) => {
      const row = { email_key: emailKey, user_id: userId, expires_at: expiresAt };
      await trx('reserved_addresses').insert(row).onConflict('email_key').merge();
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
  };
}
