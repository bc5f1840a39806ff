import { authEvent } from '../audit/event.ts';
import { isOver } from '../clock-skew.ts';
import type { AuthPorts } from '../ports.ts';
import type { Requester } from '../requester.ts';
import type { WriteTransaction } from '../store.ts';
import { admitAttempt } from '../throttling/admit-attempt.ts';
import { byAddress, mailPart, RESETS_PER_MINUTE } from '../throttling/throttle.ts';
import type { OneTimeToken } from '../tokens/one-time-token.ts';
import { consumeToken, findToken, NOT_ME_MS, refuseToken } from '../tokens/one-time-tokens.ts';
import { parseEmail } from './email.ts';
import type { User } from './user.ts';

/**
 * Take an account back from a thief, by the link of a notice. Every session, device and token of it
 * ends; it knows no network any more; it goes back to the address that the notice went to; a factor
 * that was enabled since goes, and so do recovery codes; and no one logs in before a reset by mail.
 *
 * What came after the notice does not void its link: a thief could do that. The links of older
 * notices stay good, and those of later ones are void, so that the oldest one has the last word.
 *
 * @throws {@link AuthError} `invalid_not_me_token`: unknown, used or older than 72 hours, alike;
 * `rate_limited`.
 */
export async function notMe(
  ports: AuthPorts,
  { token, client }: { readonly token: string; readonly client: Requester },
): Promise<void> {
  await admitAttempt(ports, {
    throttles: byAddress(ports, 'not-me', Math.max(RESETS_PER_MINUTE, ports.policy.resetsPerMinute), client),
    kind: 'not_me',
    client,
  });
  const found = await findToken(ports, token, 'not_me');
  const userId = found?.userId;
  if (found && userId !== undefined && !isOver(found, ports.clock.now())) {
    const isDone = await ports.store.write(async (transaction) => {
      const user = await transaction.lockUser(userId);
      // An operator who disabled it decides what becomes of it; the link stays good meanwhile.
      if (!user || user.disabledAt !== undefined || !(await consumeToken(ports, transaction, found))) return false;
      await takeBack(ports, transaction, user, found);
      const who = { userId, emailKey: user.emailKey };
      await transaction.addEvent(authEvent(ports.clock, 'account_locked', client, who));
      return true;
    });
    if (isDone) return;
  }
  const refusal = authEvent(ports.clock, 'not_me_refused', client, { userId });
  await refuseToken(ports, found, refusal, 'invalid_not_me_token');
}

async function takeBack(
  { clock }: AuthPorts,
  transaction: WriteTransaction,
  user: User,
  { createdAt: since, email = user.email }: OneTimeToken,
): Promise<void> {
  const now = clock.now();
  await transaction.deleteSessionsOfUser(user.id);
  await transaction.deleteDevicesOfUser(user.id);
  // The thief's too, from which a login would be no news.
  await transaction.forgetAddresses(user.id);
  await transaction.deleteTokensAfter(user.id, 'not_me', since);
  // A notice that is still owed would bring the thief a new link.
  await transaction.deleteMailsAfter(user.id, since);
  if (user.secondFactorAt !== undefined && user.secondFactorAt >= since) await transaction.deleteFactors(user.id);
  // Of a factor that stays: a thief who had one code could have made these.
  await transaction.deleteRecoveryCodesSince(user.id, since);
  const { key: emailKey } = parseEmail(email);
  if (emailKey !== user.emailKey) await transaction.updateEmail(user.id, { email, emailKey, emailVerified: true }, now);
  await transaction.setLockedAt(user.id, now);
  // The way in from here: a thief who voided the tokens of the mailbox could have used these up.
  await transaction.clearThrottles([mailPart(emailKey, 'reset')]);
}

/**
 * Keep the proven address that an account leaves from all others, for as long as its owner may say
 * “not me”.
 */
export async function reserveLeftAddress(
  { clock }: AuthPorts,
  transaction: WriteTransaction,
  { id, emailKey, emailVerified }: User,
): Promise<void> {
  if (emailVerified) await transaction.reserveAddress(id, emailKey, clock.now() + NOT_ME_MS);
}
