import type { Knex } from 'knex';
import { CLOCK_SKEW_MS } from '../clock-skew.ts';
import type { ActiveSession, LoginMethod, Session } from '../sessions/session.ts';
import type { SessionReads, SessionWrites, StaleSessions } from '../store.ts';
import type { Database } from './database.ts';
import { findPreparedRow } from './knex.ts';
import type { UserRow } from './users.ts';

const USES_PER_TRANSACTION = 500;
const ROWS_PER_STATEMENT = 10_000;

type SessionRow = ReturnType<typeof fromSession>;

type ActiveSessionRow = Omit<SessionRow, 'address' | 'user_agent'> &
  Pick<UserRow, 'email' | 'email_verified' | 'role'> & { user_created_at: number };

function toActiveSession(row: ActiveSessionRow): ActiveSession {
  return {
    id: row.id,
    tokenDigest: row.token_digest,
    userId: row.user_id,
    email: row.email,
    emailVerified: Boolean(row.email_verified),
    role: row.role,
    userCreatedAt: row.user_created_at,
    createdAt: row.created_at,
    lastUsedAt: row.last_used_at,
    expiresAt: row.expires_at,
    methods: toMethods(row.methods),
  };
}

/** Shared by nearly all sessions that are cached. */
const PASSWORD_ALONE = ['password'] as const;

function toMethods(text: string): readonly LoginMethod[] {
  return text === 'password' ? PASSWORD_ALONE : (text.split(',') as LoginMethod[]);
}

export function fromSession(session: Session) {
  return {
    id: session.id,
    token_digest: session.tokenDigest,
    user_id: session.userId,
    created_at: session.createdAt,
    last_used_at: session.lastUsedAt,
    expires_at: session.expiresAt,
    methods: session.methods.join(),
    address: session.address,
    user_agent: session.userAgent ?? null,
  };
}

function toSession(row: SessionRow): Session {
  return {
    id: row.id,
    tokenDigest: row.token_digest,
    userId: row.user_id,
    createdAt: row.created_at,
    lastUsedAt: row.last_used_at,
    expiresAt: row.expires_at,
    methods: toMethods(row.methods),
    address: row.address,
    userAgent: row.user_agent ?? undefined,
  };
}

/** Sent at every request where many instances share a database, and for each session not cached. */
const FIND_ACTIVE_SESSION = `
  select sessions.token_digest, sessions.id, sessions.user_id, sessions.created_at, sessions.last_used_at, sessions.expires_at, sessions.methods,
    users.email, users.email_verified, users.role, users.created_at as user_created_at
  from sessions join users on users.id = sessions.user_id
  where sessions.token_digest = ? and users.disabled_at is null`;

export const sessionReads = (database: Database): SessionReads => ({
  findActiveSession: async (tokenDigest) => {
    const row = await findPreparedRow(database.read, 'find_active_session', FIND_ACTIVE_SESSION, [tokenDigest]);
    return row === undefined ? undefined : toActiveSession(row as ActiveSessionRow);
  },

  listSessions: async (userId) => {
    return (await database.read<SessionRow>('sessions').where({ user_id: userId })).map(toSession);
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
});

/** @returns how many. */
async function deleteAll(trx: Knex.Transaction, table: string, key: string): Promise<number> {
  let total = 0;
  let deleted: number;
  do {
    // No statement may take as long as deleting millions of rows does.
    deleted = await trx(table).whereIn(key, trx(table).select(key).limit(ROWS_PER_STATEMENT)).delete();
    total += deleted;
  } while (deleted === ROWS_PER_STATEMENT);
  return total;
}

/**
 * One statement for a batch: with more active sessions than are cached, nearly every check leaves a
 * use to store.
 */
function saveUses(values: string): string {
  // Another instance may have stored a later use. A stored use that lies in the future is from
  // before the clock was set back.
  return `update sessions set last_used_at = uses.column2 from (values ${values}) as uses
    where token_digest = uses.column1
    and (last_used_at < uses.column2 or last_used_at > uses.column2 + ${CLOCK_SKEW_MS})`;
}

export const sessionWrites = (trx: Knex.Transaction, stale: StaleSessions[]): SessionWrites => ({
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
    // Half-finished logins would open new ones.
    await trx('pending_logins').delete();
    await deleteAll(trx, 'devices', 'digest');
    return deleteAll(trx, 'sessions', 'token_digest');
  },

  renewSession: async (tokenDigest, renewed) => {
    stale.push({ tokenDigest });
    const changed = { token_digest: renewed.tokenDigest, methods: renewed.methods.join() };
    await trx<SessionRow>('sessions').where({ token_digest: tokenDigest }).update(changed);
  },

  hasSession: async (tokenDigest) => {
    // Where transactions run side by side, this waits for one that is about to end it.
    const found = await trx<SessionRow>('sessions').where({ token_digest: tokenDigest }).forShare().first('id');
    // Its row was deleted in another way, such as a cascade: the cache must not keep it.
    if (!found) stale.push({ tokenDigest });
    return found !== undefined;
  },
});
