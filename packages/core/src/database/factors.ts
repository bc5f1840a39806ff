import type { Knex } from 'knex';
import { CLOCK_SKEW_MS } from '../clock-skew.ts';
import type { PendingLogin, PendingTotp, StoredFactors, TotpFactor } from '../factors/factor.ts';
import type { FactorReads, FactorWrites } from '../store.ts';

interface TotpRow {
  user_id: string;
  secret: string;
  last_step: number;
}

interface PendingTotpRow {
  session_digest: string;
  user_id: string;
  secret: string;
  created_at: number;
  expires_at: number;
}

interface PendingLoginRow {
  digest: string;
  user_id: string;
  tries: number;
  created_at: number;
  expires_at: number;
}

interface RecoveryCodeRow {
  digest: string;
  user_id: string;
  /** Missing of those made before it was kept. */
  created_at: number | null;
}

function toTotp({ user_id: userId, secret, last_step: lastStep }: TotpRow): TotpFactor {
  return { userId, secret, lastStep };
}

function toPendingTotp(row: PendingTotpRow): PendingTotp {
  return {
    sessionDigest: row.session_digest,
    userId: row.user_id,
    secret: row.secret,
    createdAt: row.created_at,
    expiresAt: row.expires_at,
  };
}

function toPendingLogin(row: PendingLoginRow): PendingLogin {
  const { digest, user_id: userId, tries, created_at: createdAt, expires_at: expiresAt } = row;
  return { digest, userId, tries, createdAt, expiresAt };
}

export const factorReads = (read: Knex): FactorReads => ({
  countRecoveryCodes: async (userId) => {
    return (await read<RecoveryCodeRow>('recovery_codes').where({ user_id: userId }).select('digest')).length;
  },

  findPendingTotp: async (sessionDigest) => {
    const row = await read<PendingTotpRow>('pending_totp').where({ session_digest: sessionDigest }).first();
    return row && toPendingTotp(row);
  },

  findPendingLogin: async (digest) => {
    const row = await read<PendingLoginRow>('pending_logins').where({ digest }).first();
    return row && toPendingLogin(row);
  },

  listFactors: async (userIds) => {
    const totp = await read<TotpRow>('totp_factors').whereIn('user_id', userIds);
    const codes = await read<RecoveryCodeRow>('recovery_codes').whereIn('user_id', userIds).orderBy('digest');
    const factors = new Map<string, StoredFactors>();
    for (const row of totp) {
      const own = codes.filter(({ user_id: userId }) => userId === row.user_id);
      factors.set(row.user_id, { totp: toTotp(row), recoveryDigests: own.map(({ digest }) => digest) });
    }
    return factors;
  },
});

export function factorWrites(trx: Knex.Transaction): FactorWrites {
  const recoveryCodes = (userId: string) => trx<RecoveryCodeRow>('recovery_codes').where({ user_id: userId });
  /** The row of a user says that there is a factor: a login then asks for no other table. */
  const setSecondFactorAt = (userId: string, at: number | null) =>
    trx('users').where({ id: userId }).update({ second_factor_at: at });
  return {
    findTotp: async (userId) => {
      const row = await trx<TotpRow>('totp_factors').where({ user_id: userId }).first();
      return row && toTotp(row);
    },

    insertTotp: async ({ userId, secret, lastStep }, enabledAt) => {
      await trx('totp_factors').insert({ user_id: userId, secret, last_step: lastStep });
      await setSecondFactorAt(userId, enabledAt);
    },

    takeTotpStep: async (userId, step, lastPossible) => {
      const unused = trx<TotpRow>('totp_factors').where({ user_id: userId });
      unused.where((either) => either.where('last_step', '<', step).orWhere('last_step', '>', lastPossible));
      return (await unused.update({ last_step: step })) === 1;
    },

    deleteFactors: async (userId) => {
      await trx('totp_factors').where({ user_id: userId }).delete();
      await recoveryCodes(userId).delete();
      await setSecondFactorAt(userId, null);
    },

    replaceRecoveryCodes: async (userId, digests, nowMs) => {
      await recoveryCodes(userId).delete();
      const rows = digests.map((digest) => ({ digest, user_id: userId, created_at: nowMs }));
      if (rows.length > 0) await trx('recovery_codes').insert(rows);
    },

    deleteRecoveryCodesSince: async (userId, sinceMs) => {
      await recoveryCodes(userId).where('created_at', '>=', sinceMs).delete();
    },

    takeRecoveryCode: async (userId, digest) => (await recoveryCodes(userId).where({ digest }).delete()) === 1,

    savePendingTotp: async ({ sessionDigest, userId, secret, createdAt, expiresAt }) => {
      const row = {
        session_digest: sessionDigest,
        user_id: userId,
        secret,
        created_at: createdAt,
        expires_at: expiresAt,
      };
      await trx('pending_totp').insert(row).onConflict('session_digest').merge();
    },

    insertPendingLogin: async ({ digest, userId, tries, createdAt, expiresAt }) => {
      const row = { digest, user_id: userId, tries, created_at: createdAt, expires_at: expiresAt };
      await trx('pending_logins').insert(row);
    },

    tryPendingLogin: async (digest, maxTries, nowMs) => {
      const valid = trx<PendingLoginRow>('pending_logins').where({ digest }).where('tries', '<', maxTries);
      // One begun in the future is from before the clock was set back, and would outlive its time.
      valid.where('expires_at', '>', nowMs).where('created_at', '<=', nowMs + CLOCK_SKEW_MS);
      return (await valid.increment('tries', 1)) === 1;
    },

    deletePendingLogin: async (digest) => {
      await trx('pending_logins').where({ digest }).delete();
    },

    deletePendingFactors: async (userId) => {
      await trx('pending_logins').where({ user_id: userId }).delete();
      await trx('pending_totp').where({ user_id: userId }).delete();
    },
  };
}
