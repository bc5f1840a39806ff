import type { Knex } from 'knex';
import { CLOCK_SKEW_MS } from '../clock-skew.ts';
import type { OneTimeToken, TokenPurpose, TokenReads, TokenWrites } from '../store.ts';

type TokenRow = ReturnType<typeof fromToken>;

function fromToken({ digest, purpose, userId, issuedBy, createdAt, expiresAt }: OneTimeToken) {
  return {
    digest,
    purpose,
    user_id: userId,
    email_key: null,
    issued_by: issuedBy,
    /** JSON; never a secret. */
    payload: '{}',
    created_at: createdAt,
    expires_at: expiresAt,
    mailed_at: null as number | null,
  };
}

/**
 * Where version 1.0.0 keeps its reset tokens: it may run beside this one while instances are
 * restarted.
 */
const OLD_TABLE = 'reset_tokens';
const OLD_PURPOSE = 'reset';

const FIND_TOKEN = `
  select digest, purpose, user_id, issued_by, created_at, expires_at from one_time_tokens where digest = ? and purpose = ? and user_id is not null
  union all
  select token_digest, '${OLD_PURPOSE}', user_id, 'request', created_at, expires_at from ${OLD_TABLE} where token_digest = ? and '${OLD_PURPOSE}' = ?`;

export const tokenReads = (read: Knex): TokenReads => ({
  findToken: async (digest, purpose) => {
    const query = read.raw(FIND_TOKEN, [digest, purpose, digest, purpose]);
    const answer: TokenRow[] | { rows: TokenRow[] } = await query;
    const [row] = Array.isArray(answer) ? answer : answer.rows;
    if (!row) return undefined;
    const { user_id: userId, issued_by: issuedBy, created_at: createdAt, expires_at: expiresAt } = row;
    return { digest, purpose, userId, issuedBy, createdAt, expiresAt };
  },
});

export function tokenWrites(trx: Knex.Transaction): TokenWrites {
  const tokens = () => trx<TokenRow>('one_time_tokens');
  // One issued in the future is from before the clock was set back, and would outlive its time.
  const lasting = (query: Knex.QueryBuilder, nowMs: number) =>
    query.where('expires_at', '>', nowMs).where('created_at', '<=', nowMs + CLOCK_SKEW_MS);
  const good = (userId: string, purpose: TokenPurpose, nowMs: number) =>
    lasting(tokens().where({ user_id: userId, purpose }), nowMs);
  return {
    insertToken: async (token) => {
      await tokens().insert(fromToken(token));
    },

    trimTokens: async ({ purpose, userId, issuedBy }, kept, nowMs) => {
      const ofKind = { user_id: userId, purpose, issued_by: issuedBy };
      const newest = good(userId, purpose, nowMs)
        .where(ofKind)
        .orderByRaw('mailed_at is null, created_at desc, digest')
        .limit(kept)
        .select('digest');
      await tokens().where(ofKind).whereNotIn('digest', newest).delete();
    },

    takeToken: async (digest, purpose, userId, nowMs) => {
      if ((await good(userId, purpose, nowMs).where({ digest }).delete()) === 1) return true;
      if (purpose !== OLD_PURPOSE) return false;
      const old = trx(OLD_TABLE).where({ token_digest: digest, user_id: userId });
      return (await lasting(old, nowMs).delete()) === 1;
    },

    deleteToken: async (digest) => {
      await tokens().where({ digest }).delete();
      await trx(OLD_TABLE).where({ token_digest: digest }).delete();
    },

    deleteTokens: async (userId, purposes) => {
      await tokens()
        .where({ user_id: userId })
        .whereIn('purpose', [...purposes])
        .delete();
      if (purposes.includes(OLD_PURPOSE)) await trx(OLD_TABLE).where({ user_id: userId }).delete();
    },

    noteTokenMailed: async (digest, nowMs) => {
      await tokens().where({ digest }).update({ mailed_at: nowMs });
    },

    countMailedTokens: async (userId, purpose, nowMs) => {
      const mailed = await good(userId, purpose, nowMs).whereNotNull('mailed_at').select('digest');
      return mailed.length;
    },
  };
}
