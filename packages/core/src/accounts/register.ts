import { authEvent } from '../audit/event.ts';
import { AuthError } from '../errors.ts';
import { oweMail } from '../mail/owe-mail.ts';
import { admitNewPassword } from '../passwords/password-rules.ts';
import type { AuthPorts } from '../ports.ts';
import type { Requester } from '../requester.ts';
import { admitAttempt, admitPassword } from '../throttling/admit-attempt.ts';
import { byAddress } from '../throttling/throttle.ts';
import { voidPending } from '../tokens/one-time-tokens.ts';
import { parseEmail } from './email.ts';
import { acceptInvitation } from './invitations.ts';
import { admitNewAccount, newUser } from './new-account.ts';
import type { User } from './user.ts';

export interface Registration {
  readonly email: string;
  readonly password: string;
  readonly client: Requester;
  /** Of an invitation to this address. */
  readonly invitationToken?: string | undefined;
}

export interface Registered {
  /** The address as typed. */
  readonly email: string;
  /** Missing where the address must be proven first: there is no account yet, or one before. */
  readonly user: User | undefined;
}

/**
 * Make an account, or where addresses must be proven, ask for the proof. That costs the same writes
 * for known and unknown addresses; the password is held to the rules, and neither hashed nor kept.
 *
 * @throws {@link AuthError} `registration_closed`; `invalid_request`: not an email address;
 * `password_rejected`: see {@link admitNewPassword}; `email_taken`: another account has this
 * address, ignoring case; `invalid_invitation_token`; `rate_limited`; `overloaded`: the hashing
 * queue is full.
 */
export async function register(
  ports: AuthPorts,
  { email, password, client, invitationToken }: Registration,
): Promise<Registered> {
  admitNewAccount(ports, invitationToken === undefined ? 'registration' : 'invitation');
  const { address, key } = parseEmail(email);
  const admitted = await admitNewPassword(ports, password, key);
  const attempt = {
    throttles: byAddress(ports, 'register', ports.policy.registrationsPerMinute, client),
    kind: 'registration',
    client,
    emailKey: key,
  } as const;
  if (invitationToken === undefined && ports.policy.emailVerification === 'required') {
    await admitAttempt(ports, attempt);
    await ports.store.write(async (transaction) => {
      await oweMail(ports, transaction, { kind: 'registration', email: address, emailKey: key });
      await transaction.addEvent(authEvent(ports.clock, 'registration_requested', client, { emailKey: key }));
    });
    return { email: address, user: undefined };
  }

  using _place = await admitPassword(ports, attempt);
  if (invitationToken !== undefined) {
    const user = await acceptInvitation(ports, { address, key, password: admitted, token: invitationToken, client });
    return { email: address, user };
  }
  // A taken email is reported anyway, so it need not cost a hash.
  if (await ports.store.findUserByEmailKey(key)) throw new AuthError('email_taken', { field: 'email' });

  const passwordHash = await ports.hasher.hash(admitted);
  const user = newUser(ports, { email: address, emailKey: key, passwordHash, emailVerified: false });
  await ports.store.write(async (transaction) => {
    if (!(await transaction.insertUser(user))) throw new AuthError('email_taken', { field: 'email' });
    await voidPending(transaction, { emailKeys: [key] }, 'made');
    await transaction.addEvent(authEvent(ports.clock, 'user_registered', client, { userId: user.id, emailKey: key }));
  });
  return { email: address, user };
}
