import { type AuthEventType, authEvent } from '../audit/event.ts';
import { AuthError } from '../errors.ts';
import type { AuthPorts } from '../ports.ts';
import { networkOf, type Requester } from '../requester.ts';
import { accountThrottleKeys } from '../throttling/throttle.ts';
import type { OneTimeToken } from '../tokens/one-time-token.ts';
import { consumeToken } from '../tokens/one-time-tokens.ts';
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
    secondFactorAt: undefined,
    disabledAt: undefined,
    lockedAt: undefined,
    noticedSince: undefined,
    createdAt: now,
    updatedAt: now,
  };
}

interface Proof {
  readonly user: User;
  /** Of the address of the new account. */
  readonly token: OneTimeToken;
  /** Recorded beside the registration. */
  readonly event: AuthEventType;
  readonly client: Requester;
}

/**
 * Make the account of a person who has just shown a token for its address, and use up the token.
 *
 * @returns false, with nothing written, where another request was first.
 */
export async function makeProvenAccount(ports: AuthPorts, { user, token, event, client }: Proof): Promise<boolean> {
  const late = new AuthError('email_taken');
  try {
    await ports.store.write(async (transaction) => {
      // First, so that its unique key makes those wait who use another token of this address.
      if (!(await transaction.insertUser(user))) throw late;
      if (!(await consumeToken(ports, transaction, token))) throw late;
      // The owner logs in from here next, where guesses of others must not block the login.
      await transaction.clearThrottles(accountThrottleKeys(user.emailKey, client));
      await transaction.rememberAddress(user.id, networkOf(client.address), user.createdAt, { isLogin: false });
      const who = { userId: user.id, emailKey: user.emailKey };
      for (const type of ['user_registered', event] as const) {
        await transaction.addEvent(authEvent(ports.clock, type, client, who));
      }
    });
    return true;
  } catch (error) {
    if (error === late) return false;
    throw error;
  }
}
