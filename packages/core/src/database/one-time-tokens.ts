import type { Knex } from 'knex';
import { CLOCK_SKEW_MS } from '../clock-skew.ts';
import type { TokenReads, TokenWrites } from '../store.ts';
import type { OneTimeToken, PendingOf, TokenOwner, TokenPurpose } from '../tokens/one-time-token.ts';

type TokenRow = ReturnType<typeof fromToken>;

/** What the purposes need beyond the owner; never a secret. */
type Payload = Pick<OneTimeToken, 'email' | 'role'>;

function fromToken(token: OneTimeToken) {
  const { digest, purpose, userId, emailKey, delivery, email, role, createdAt, expiresAt } = token;
  const payload: Payload = { email, role };
  return {
    digest,
    purpose,
    ...ownerColumns({ userId, emailKey }),
    delivery,
    payload: JSON.stringify(payload),
    created_at: createdAt,
    expires_at: expiresAt,
    mailed_at: null as number | null,
  };
}

function toToken(row: TokenRow): OneTimeToken {
  const { email, role }: Payload = JSON.parse(row.payload);
  return {
    digest: row.digest,
    purpose: row.purpose,
    userId: row.user_id ?? undefined,
    emailKey: row.email_key ?? undefined,
    delivery: row.delivery,
    email,
    role,
    createdAt: row.created_at,
    expiresAt: row.expires_at,
  };
}

function ownerColumns({ userId = null, emailKey = null }: { [Key in keyof TokenOwner]: TokenOwner[Key] | null }) {
  return { user_id: userId, email_key: emailKey };
}

/** The rows of an account, or of some addresses. */
export function wherePending<Query extends Knex.QueryBuilder>(query: Query, pendingOf: PendingOf): Query {
  return ('userId' in pendingOf
    ? query.where({ user_id: pendingOf.userId })
    : query.whereIn('email_key', [...pendingOf.emailKeys])) as unknown as Query;
}

/**
 * Where version 1.0.0 keeps its reset tokens: it may run beside this one while instances are
 * restarted. How one left is not known, so that it proves nothing.
 */
const OLD_TABLE = 'reset_tokens';
const OLD_PURPOSE = 'reset';

const COLUMNS = 'digest, purpose, user_id, email_key, delivery, payload, created_at, expires_at';

const FIND_TOKEN = `
  select ${COLUMNS} from one_time_tokens where digest = ?
  union all
  select token_digest, '${OLD_PURPOSE}', user_id, null, 'answered', '{}', created_at, expires_at from ${OLD_TABLE} where token_digest = ?`;

export const tokenReads = (read: Knex): TokenReads => ({
  findToken: async (digest, purposes) => {
    const answer: TokenRow[] | { rows: TokenRow[] } = await read.raw(FIND_TOKEN, [digest, digest]);
    const rows = Array.isArray(answer) ? answer : answer.rows;
    const row = rows.find(({ purpose }) => purposes.includes(purpose));
    return row && toToken(row);
  },

  findWithheldToken: async (userId, purpose) => {
    const row = await read<TokenRow>('one_time_tokens')
      .where({ user_id: userId, purpose, delivery: 'withheld' })
      .first();
    return row && toToken(row);
  },
});

export function tokenWrites(trx: Knex.Transaction): TokenWrites {
  const tokens = () => trx<TokenRow>('one_time_tokens');
  // One issued in the future is from before the clock was set back, and would outlive its time.
  const lasting = (query: Knex.QueryBuilder, nowMs: number) =>
    query.where('expires_at', '>', nowMs).where('created_at', '<=', nowMs + CLOCK_SKEW_MS);
  const good = (owner: TokenOwner, purpose: TokenPurpose, nowMs: number) =>
    lasting(tokens().where({ ...ownerColumns(owner), purpose }), nowMs);
  return {
    insertToken: async (token) => {
      await tokens().insert(fromToken(token));
    },

    trimTokens: async ({ purpose, userId, emailKey, delivery }, kept, nowMs) => {
      const ofKind = { ...ownerColumns({ userId, emailKey }), purpose, delivery };
      const newest = good({ userId, emailKey }, purpose, nowMs)
        .where(ofKind)
        .orderByRaw('mailed_at is null, created_at desc, digest')
        .limit(kept)
        .select('digest');
      await tokens().where(ofKind).whereNotIn('digest', newest).delete();
    },

    takeToken: async ({ digest, purpose, userId, emailKey }, nowMs) => {
      if ((await good({ userId, emailKey }, purpose, nowMs).where({ digest }).delete()) === 1) return true;
      if (purpose !== OLD_PURPOSE) return false;
      const old = trx(OLD_TABLE).where({ token_digest: digest, user_id: userId ?? null });
      return (await lasting(old, nowMs).delete()) === 1;
    },

    deleteToken: async (digest) => {
      await tokens().where({ digest }).delete();
      await trx(OLD_TABLE).where({ token_digest: digest }).delete();
    },

    deleteTokensAfter: async (userId, purpose, createdAt) => {
      await tokens().where({ user_id: userId, purpose }).where('created_at', '>', createdAt).delete();
    },

    deleteTokens: async (pendingOf, purposes) => {
      await wherePending(tokens(), pendingOf)
        .whereIn('purpose', [...purposes])
        .delete();
      if ('userId' in pendingOf && purposes.includes(OLD_PURPOSE)) {
        await trx(OLD_TABLE).where({ user_id: pendingOf.userId }).delete();
      }
    },

    noteTokenMailed: async (digest, nowMs) => {
      await tokens().where({ digest }).update({ mailed_at: nowMs });
    },

    countMailedTokens: async (owner, purpose, nowMs) => {
      const mailed = await good(owner, purpose, nowMs).whereNotNull('mailed_at').select('digest');
      return mailed.length;
    },
  };
}
