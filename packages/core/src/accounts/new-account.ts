import { type AuthEventType, authEvent } from '../audit/event.ts';
import { AuthError } from '../errors.ts';
import type { AuthPorts } from '../ports.ts';
import { networkOf, type Requester } from '../requester.ts';
import type { WriteTransaction } from '../store.ts';
import { accountThrottleKeys } from '../throttling/throttle.ts';
import { DEFAULT_ROLE, type User } from './user.ts';

/**
 * Check whether new accounts may be made this way. It comes before any look at the address.
 *
 * @throws {@link AuthError} `registration_closed`.
 */
export function admitNewAccount({ policy: { registration } }: AuthPorts, by: 'registration' | 'invitation'): void {
  if (registration === 'open' || (registration === 'invited' && by === 'invitation')) return;
  throw new AuthError('registration_closed', {
    ...(registration === 'invited' && { message: 'registration needs an invitation here: ask the operator for one' }),
  });
}

/** An account as it is made now. */
export function newUser(
  { clock, random }: AuthPorts,
  made: Pick<User, 'email' | 'emailKey' | 'passwordHash' | 'emailVerified'> & { readonly role?: string | undefined },
): User {
  const now = clock.now();
  return {
    id: random.uuid(),
    email: made.email,
    emailKey: made.emailKey,
    passwordHash: made.passwordHash,
    role: made.role ?? DEFAULT_ROLE,
    emailVerified: made.emailVerified,
    disabledAt: undefined,
    createdAt: now,
    updatedAt: now,
  };
}

/**
 * Insert the account of a person who has just shown a token for its address.
 *
 * @param proof the event of that, recorded beside the registration.
 * @returns false, with nothing written, when another account has the address.
 */
export async function insertProven(
  { clock }: AuthPorts,
  transaction: WriteTransaction,
  { user, client, proof }: { user: User; client: Requester; proof: AuthEventType },
): Promise<boolean> {
  if (!(await transaction.insertUser(user))) return false;
  // The owner logs in from here next, where guesses of others must not block the login.
  await transaction.clearThrottles(accountThrottleKeys(user.emailKey, client));
  await transaction.rememberAddress(user.id, networkOf(client.address), user.createdAt, { isLogin: false });
  const who = { userId: user.id, emailKey: user.emailKey };
  for (const type of ['user_registered', proof] as const) {
    await transaction.addEvent(authEvent(clock, type, client, who));
  }
  return true;
}
