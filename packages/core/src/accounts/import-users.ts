import { authEvent } from '../audit/event.ts';
import { AuthError } from '../errors.ts';
import type { AuthPorts } from '../ports.ts';
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
  const users = new Map<number, User>();
  const seen = new Set<string>();
  for (const [index, candidate] of batch.entries()) {
    const outcome = examine(ports, candidate);
    if ('refused' in outcome) {
      outcomes[index] = outcome;
    } else if (seen.has(outcome.key)) {
      outcomes[index] = 'exists';
    } else {
      seen.add(outcome.key);
      users.set(index, {
        id: ports.random.uuid(),
        email: candidate.email,
        emailKey: outcome.key,
        passwordHash: outcome.passwordHash,
        role: candidate.role ?? DEFAULT_ROLE,
        emailVerified: candidate.emailVerified ?? false,
        disabledAt: candidate.disabledAt,
        createdAt: candidate.createdAt ?? now,
        updatedAt: now,
      });
    }
  }
  const candidates = [...users.values()];
  const present = dryRun
    ? await ports.store.findEmailKeys(candidates.map(({ emailKey }) => emailKey))
    : await insert(ports, candidates);
  for (const [index, { emailKey }] of users) outcomes[index] = present.has(emailKey) ? 'exists' : 'imported';
  return outcomes;
}

/** @returns the keys that were there before. */
async function insert(ports: AuthPorts, users: readonly User[]): Promise<ReadonlySet<string>> {
  if (users.length === 0) return new Set();
  return ports.store.write(async (transaction) => {
    const inserted = await transaction.insertUsers(users);
    const present = new Set(users.map(({ emailKey }) => emailKey).filter((key) => !inserted.has(key)));
    if (inserted.size > 0) {
      await voidPending(transaction, { emailKeys: [...inserted] }, 'made');
      const detail = `${inserted.size} imported`;
      await transaction.addEvent(authEvent(ports.clock, 'users_imported', undefined, {}, detail));
    }
    return present;
  });
}

interface Admitted {
  readonly key: string;
  readonly passwordHash: string;
}

function examine(ports: AuthPorts, candidate: ImportedUser): Admitted | { refused: string } {
  try {
    const { key } = parseEmail(candidate.email);
    if (candidate.role !== undefined) parseRole(candidate.role);
    const adopted = ports.hasher.adopt(candidate.passwordHash);
    return 'problem' in adopted ? { refused: adopted.problem } : { key, passwordHash: adopted.passwordHash };
  } catch (error) {
    if (error instanceof AuthError) return { refused: error.message };
    throw error;
  }
}
