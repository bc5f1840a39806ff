import { authEvent } from '../audit/event.ts';
import { isOver } from '../clock-skew.ts';
import { oweMail, oweNotice } from '../mail/owe-mail.ts';
import { confirmOwner } from '../passwords/confirm-password.ts';
import { admitNewPassword } from '../passwords/password-rules.ts';
import type { AuthPorts } from '../ports.ts';
import type { Requester } from '../requester.ts';
import { admitAttempt } from '../throttling/admit-attempt.ts';
import { byAddress, RESETS_PER_MINUTE } from '../throttling/throttle.ts';
import type { OneTimeToken } from '../tokens/one-time-token.ts';
import { consumeToken, findToken, refuseToken, voidPending } from '../tokens/one-time-tokens.ts';
import { parseEmail } from './email.ts';
import { admitNewAccount, makeProvenAccount, newUser } from './new-account.ts';
import { reserveLeftAddress } from './not-me.ts';
import { isShut, type User } from './user.ts';

/**
 * Ask for the mail of a registration again. Like the registration, it costs the same for known and
 * unknown addresses. While no proof is required, it is recorded, and nothing is sent.
 *
 * @returns the address as typed.
 * @throws {@link AuthError} `invalid_request`: not an email address; `rate_limited`.
 */
export async function requestEmailVerification(
  ports: AuthPorts,
  { email, client }: { readonly email: string; readonly client: Requester },
): Promise<string> {
  const { address, key } = parseEmail(email);
  await admitAttempt(ports, {
    throttles: byAddress(ports, 'verification-request', ports.policy.resetsPerMinute, client),
    kind: 'email_verification',
    client,
    emailKey: key,
  });
  await ports.store.write(async (transaction) => {
    if (ports.policy.emailVerification === 'required') {
      await oweMail(ports, transaction, { kind: 'registration', email: address, emailKey: key });
    }
    await transaction.addEvent(authEvent(ports.clock, 'email_verification_requested', client, { emailKey: key }));
  });
  return address;
}

/** What the owner of a mailbox sends back. */
export interface EmailProof {
  readonly email: string;
  readonly verificationToken: string;
  /** Of a registration: the new account's. Of a change of email: that of the account that asked. */
  readonly password: string;
  /** Of a change of email, with a second factor. */
  readonly code?: string | undefined;
  readonly client: Requester;
}

/**
 * Prove an address by a token that was mailed to it. Of a registration, this makes the account,
 * with this password. Of a change of email, the change is in force from here on.
 *
 * @returns the account.
 * @throws {@link AuthError} `invalid_verification_token`: unknown, used, expired or for another
 * address, alike; `registration_closed` and `password_rejected`: of a registration, and the token
 * stays good; `invalid_credentials`, `second_factor_required` and `invalid_code`: of a change of
 * email; `email_taken`: of a change of email, when another request takes the address at the same
 * moment; `rate_limited`; `overloaded`.
 */
export async function verifyEmail(ports: AuthPorts, proof: EmailProof): Promise<User> {
  const { address, key } = parseEmail(proof.email);
  const { client } = proof;
  await admitAttempt(ports, {
    throttles: byAddress(ports, 'verification', Math.max(RESETS_PER_MINUTE, ports.policy.resetsPerMinute), client),
    kind: 'email_verification',
    client,
    emailKey: key,
  });
  const token = await findToken(ports, proof.verificationToken, 'registration', 'email_change');
  if (token && keyOf(token) === key && !isOver(token, ports.clock.now())) {
    const proven = { address, key, password: proof.password, code: proof.code, token, client };
    const user = await (token.purpose === 'registration' ? makeAccount(ports, proven) : moveAccount(ports, proven));
    if (user) return user;
  }
  const refusal = authEvent(ports.clock, 'email_verification_refused', client, { emailKey: key });
  return refuseToken(ports, token, refusal, 'invalid_verification_token');
}

/** The key of the address that a token proves. */
function keyOf({ email, emailKey }: OneTimeToken): string | undefined {
  return email === undefined ? emailKey : parseEmail(email).key;
}

interface Proven {
  readonly address: string;
  readonly key: string;
  readonly password: string;
  readonly code: string | undefined;
  readonly token: OneTimeToken;
  readonly client: Requester;
}

/** @returns nothing where another request was first. */
async function makeAccount(
  ports: AuthPorts,
  { address, key, password, token, client }: Proven,
): Promise<User | undefined> {
  admitNewAccount(ports, 'registration');
  const admitted = await admitNewPassword(ports, password, key);
  using _place = ports.hasher.takePlace();
  const passwordHash = await ports.hasher.hash(admitted);
  const user = newUser(ports, { email: address, emailKey: key, passwordHash, emailVerified: true });
  return (await makeProvenAccount(ports, { user, token, event: 'email_verified', client })) ? user : undefined;
}

/** @returns nothing where the account or the address is no longer there to be had. */
async function moveAccount(
  ports: AuthPorts,
  { address, key, password, code, token, client }: Proven,
): Promise<User | undefined> {
  const found = await ports.store.findUserById(token.userId ?? '');
  if (!found || isShut(found)) return undefined;
  using confirmed = await confirmOwner(ports, { user: found, client }, { password, code });
  return confirmed.write(async (transaction, user) => {
    if (isShut(user) || !(await consumeToken(ports, transaction, token))) return undefined;
    const changed = { email: address, emailKey: key, emailVerified: true };
    const updatedAt = ports.clock.now();
    if (!(await transaction.updateEmail(user.id, changed, updatedAt))) return undefined;
    await reserveLeftAddress(ports, transaction, user);
    await oweNotice(ports, transaction, 'email_changed', user, client);
    await voidPending(transaction, { emailKeys: [key] }, 'made');
    const who = { userId: user.id, emailKey: key };
    for (const type of ['email_changed', 'email_verified'] as const) {
      await transaction.addEvent(authEvent(ports.clock, type, client, who));
    }
    return { ...user, ...changed, updatedAt };
  });
}
