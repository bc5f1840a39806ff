import { authEvent } from '../audit/event.ts';
import { isOver } from '../clock-skew.ts';
import { AuthError } from '../errors.ts';
import { oweMail } from '../mail/owe-mail.ts';
import type { AuthPorts } from '../ports.ts';
import type { Requester } from '../requester.ts';
import { findToken, issueToken, refuseToken } from '../tokens/one-time-tokens.ts';
import { parseEmail } from './email.ts';
import { admitNewAccount, makeProvenAccount, newUser } from './new-account.ts';
import { DEFAULT_ROLE, parseRole, type User } from './user.ts';

/** An invitation that was made, for its operator. */
export interface Invited {
  readonly email: string;
  readonly role: string;
  /** Missing where it goes by mail: the token is then made when the mail is sent. */
  readonly printed: { readonly token: string; readonly expiresAt: number } | undefined;
}

/**
 * Invite a person to make an account with this address. It voids an older invitation of the same
 * address. There is no account before it is accepted.
 *
 * @throws {@link AuthError} `registration_closed`; `invalid_request`: not an email address, or not
 * a role; `email_taken`.
 */
export async function inviteUser(
  ports: AuthPorts,
  { email, role = DEFAULT_ROLE }: { readonly email: string; readonly role?: string | undefined },
): Promise<Invited> {
  admitNewAccount(ports, 'invitation');
  const { address, key } = parseEmail(email);
  parseRole(role);
  return ports.store.write(async (transaction) => {
    if (await transaction.lockUserByEmailKey(key)) throw new AuthError('email_taken', { field: 'email' });
    await transaction.deleteTokens({ emailKeys: [key] }, ['invitation']);
    await transaction.deleteMails({ emailKeys: [key] }, ['invitation']);
    await transaction.addEvent(authEvent(ports.clock, 'user_invited', undefined, { emailKey: key }, 'operator'));
    if (ports.policy.sendsMail) {
      await oweMail(ports, transaction, { kind: 'invitation', email: address, emailKey: key, role });
      return { email: address, role, printed: undefined };
    }
    const invitation = { purpose: 'invitation', emailKey: key, role, delivery: 'printed' } as const;
    return { email: address, role, printed: await issueToken(ports, transaction, invitation) };
  });
}

interface Acceptance {
  readonly address: string;
  readonly key: string;
  /** Admitted by the rules. */
  readonly password: string;
  readonly token: string;
  readonly client: Requester;
}

/**
 * Make the account that an invitation allows. Its address counts as verified: the token came by
 * mail, or from the operator.
 *
 * @throws {@link AuthError} `invalid_invitation_token`: unknown, used, expired or for another
 * address, alike.
 */
export async function acceptInvitation(
  ports: AuthPorts,
  { address, key, password, token, client }: Acceptance,
): Promise<User> {
  const invitation = await findToken(ports, token, 'invitation');
  const refuse = () => {
    const refusal = authEvent(ports.clock, 'invitation_refused', client, { emailKey: key });
    return refuseToken(ports, invitation, refusal, 'invalid_invitation_token');
  };
  if (invitation?.emailKey !== key || isOver(invitation, ports.clock.now())) return refuse();

  const passwordHash = await ports.hasher.hash(password);
  const made = { email: address, emailKey: key, passwordHash, role: invitation.role, emailVerified: true };
  const user = newUser(ports, made);
  const proof = { user, token: invitation, event: 'invitation_accepted', client } as const;
  return (await makeProvenAccount(ports, proof)) ? user : refuse();
}
