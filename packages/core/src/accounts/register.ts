import { authEvent } from '../audit/event.ts';
import { AuthError } from '../errors.ts';
import { admitNewPassword } from '../passwords/password-rules.ts';
import type { AuthPorts } from '../ports.ts';
import type { Requester } from '../requester.ts';
import { admitPassword } from '../throttling/admit-attempt.ts';
import { byAddress } from '../throttling/throttle.ts';
import { parseEmail } from './email.ts';
import { DEFAULT_ROLE, type User } from './user.ts';

export interface Registration {
  readonly email: string;
  readonly password: string;
  readonly client: Requester;
}

/**
 * Make an account.
 *
 * @throws {@link AuthError} `invalid_request`: not an email address; `password_rejected`: see
 * {@link admitNewPassword}; `email_taken`: another account has this address, ignoring case;
 * `rate_limited`; `overloaded`: the hashing queue is full.
 */
export async function register(ports: AuthPorts, { email, password, client }: Registration): Promise<User> {
  const { address, key } = parseEmail(email);
  const admitted = await admitNewPassword(ports, password, key);
  using _place = await admitPassword(ports, {
    throttles: byAddress(ports, 'register', ports.policy.registrationsPerMinute, client),
    kind: 'registration',
    client,
    emailKey: key,
  });
  // A taken email is reported anyway, so it need not cost a hash.
  if (await ports.store.findUserByEmailKey(key)) throw new AuthError('email_taken', { field: 'email' });

  const passwordHash = await ports.hasher.hash(admitted);
  const now = ports.clock.now();
  const user: User = {
    id: ports.random.uuid(),
    email: address,
    emailKey: key,
    passwordHash,
    role: DEFAULT_ROLE,
    emailVerified: false,
    disabledAt: undefined,
    createdAt: now,
    updatedAt: now,
  };
  await ports.store.write(async (transaction) => {
    if (!(await transaction.insertUser(user))) throw new AuthError('email_taken', { field: 'email' });
    await transaction.addEvent(authEvent(ports.clock, 'user_registered', client, { userId: user.id, emailKey: key }));
  });
  return user;
}
