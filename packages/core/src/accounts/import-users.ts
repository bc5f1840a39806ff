import { authEvent } from '../audit/event.ts';
import { AuthError } from '../errors.ts';
import { fromBase32 } from '../factors/base32.ts';
import type { AuthPorts } from '../ports.ts';
import type { WriteTransaction } from '../store.ts';
import { voidPending } from '../tokens/one-time-tokens.ts';
import { parseEmail } from './email.ts';
import { DEFAULT_ROLE, parseRole, type User } from './user.ts';

/** One account from elsewhere. */
export interface ImportedUser {
  readonly email: string;
  /** Of a scheme that the hasher knows. */
  readonly passwordHash: string;
  /** Milliseconds since the Unix epoch; now, where it is not known. */
  readonly createdAt?: number | undefined;
  readonly disabledAt?: number | undefined;
  /** `user`, where it is not known. */
  readonly role?: string | undefined;
  readonly emailVerified?: boolean | undefined;
  readonly factors?: ImportedFactors | undefined;
}

/** A second factor from elsewhere. */
export interface ImportedFactors {
  /** In base32. */
  readonly secret: string;
  /** Milliseconds since the Unix epoch; now, where it is not known. */
  readonly enabledAt?: number | undefined;
  /** The newest step of which a code was used; none, where it is not known. */
  readonly lastStep?: number | undefined;
  /** SHA-256 of the recovery codes that are left, base64url. */
  readonly recoveryDigests?: readonly string[] | undefined;
}

/** The outcome of one account: `exists` is one that is here already, and stays as it is. */
export type ImportOutcome = 'imported' | 'exists' | { readonly refused: string };

/** How many are written in one transaction, and held in memory at a time. */
export const IMPORT_BATCH_SIZE = 500;

/**
 * Import a batch of accounts with their password hashes, in one transaction. Repeating it changes
 * nothing.
 *
 * @param dryRun reports what would happen, and writes nothing.
 * @returns an outcome for each, in order.
 */
export async function importUsers(
  ports: AuthPorts,
  batch: readonly ImportedUser[],
  { dryRun = false }: { dryRun?: boolean } = {},
): Promise<ImportOutcome[]> {
  const now = ports.clock.now();
  const outcomes: ImportOutcome[] = [];
  const users = new Map<number, NewUser>();
  const seen = new Set<string>();
  for (const [index, candidate] of batch.entries()) {
    const outcome = examine(ports, candidate);
    if ('refused' in outcome) {
      outcomes[index] = outcome;
    } else if (seen.has(outcome.key)) {
      outcomes[index] = 'exists';
    } else {
      seen.add(outcome.key);
      const user: User = {
        id: ports.random.uuid(),
        email: candidate.email,
        emailKey: outcome.key,
        passwordHash: outcome.passwordHash,
        role: candidate.role ?? DEFAULT_ROLE,
        emailVerified: candidate.emailVerified ?? false,
        secondFactorAt: undefined,
        disabledAt: candidate.disabledAt,
        lockedAt: undefined,
        noticedSince: undefined,
        createdAt: candidate.createdAt ?? now,
        updatedAt: now,
      };
      users.set(index, { user, factors: candidate.factors });
    }
  }
  const candidates = [...users.values()];
  const present = dryRun
    ? await ports.store.findTakenKeys(
        candidates.map(({ user }) => user.emailKey),
        now,
      )
    : await insert(ports, candidates);
  for (const [index, { user }] of users) outcomes[index] = present.has(user.emailKey) ? 'exists' : 'imported';
  return outcomes;
}

interface NewUser {
  readonly user: User;
  readonly factors: ImportedFactors | undefined;
}

/** @returns the keys that were there before. */
async function insert(ports: AuthPorts, newUsers: readonly NewUser[]): Promise<ReadonlySet<string>> {
  if (newUsers.length === 0) return new Set();
  return ports.store.write(async (transaction) => {
    const users = newUsers.map(({ user }) => user);
    const inserted = await transaction.insertUsers(users);
    const present = new Set(users.map(({ emailKey }) => emailKey).filter((key) => !inserted.has(key)));
    for (const { user, factors } of newUsers) {
      if (factors && inserted.has(user.emailKey)) await insertFactors(transaction, user, factors);
    }
    if (inserted.size > 0) {
      await voidPending(transaction, { emailKeys: [...inserted] }, 'made');
      const detail = `${inserted.size} imported`;
      await transaction.addEvent(authEvent(ports.clock, 'users_imported', undefined, {}, detail));
    }
    return present;
  });
}

async function insertFactors(
  transaction: WriteTransaction,
  { id: userId, updatedAt }: User,
  { secret, enabledAt = updatedAt, lastStep = 0, recoveryDigests = [] }: ImportedFactors,
): Promise<void> {
  await transaction.insertTotp({ userId, secret, lastStep }, enabledAt);
  await transaction.replaceRecoveryCodes(userId, [...new Set(recoveryDigests)], updatedAt);
}

interface Admitted {
  readonly key: string;
  readonly passwordHash: string;
}

function examine(ports: AuthPorts, candidate: ImportedUser): Admitted | { refused: string } {
  try {
    const { key } = parseEmail(candidate.email);
    if (candidate.role !== undefined) parseRole(candidate.role);
    if (candidate.factors) checkFactors(candidate.factors);
    const adopted = ports.hasher.adopt(candidate.passwordHash);
    return 'problem' in adopted ? { refused: adopted.problem } : { key, passwordHash: adopted.passwordHash };
  } catch (error) {
    if (error instanceof AuthError) return { refused: error.message };
    throw error;
  }
}

/** @throws AuthError `invalid_request`: its owner could not use it, or others could guess it. */
function checkFactors({ secret, enabledAt = 0, lastStep = 0, recoveryDigests = [] }: ImportedFactors): void {
  if (![enabledAt, lastStep].every((number) => Number.isSafeInteger(number) && number >= 0)) {
    throw new AuthError('invalid_request', { message: 'the times of a second factor are whole numbers from 0 on' });
  }
  const bytes = fromBase32(secret)?.length ?? 0;
  if (bytes < MIN_SECRET_BYTES || bytes > MAX_SECRET_BYTES) {
    throw new AuthError('invalid_request', { message: 'the secret of a second factor is 10 to 64 bytes in base32' });
  }
  if (recoveryDigests.length > MAX_RECOVERY_CODES || recoveryDigests.some((digest) => !DIGEST.test(digest))) {
    throw new AuthError('invalid_request', { message: 'recovery codes are at most 100 SHA-256 digests in base64url' });
  }
}

/** Some services made secrets of 80 bits. */
const MIN_SECRET_BYTES = 10;
const MAX_SECRET_BYTES = 64;
const MAX_RECOVERY_CODES = 100;
const DIGEST = /^[A-Za-z0-9_-]{43}$/;
