import { type Client, isLoopback, networkOf } from './client.ts';
import { AuthError, type ThrottledAttempt } from './errors.ts';
import { authEvent } from './event.ts';
import type { AuthPorts, WriteTransaction } from './ports.ts';
import { digestSecret } from './secret.ts';
import {
  blockedForMs,
  countOne,
  FAILED_LOGINS,
  KNOWN_ADDRESS_MS,
  type Throttle,
  type ThrottleRule,
} from './throttle.ts';

type AdmissionPorts = Pick<AuthPorts, 'clock' | 'store' | 'policy'>;

/** Who is counted, and for what; a refusal is recorded as that, `login_throttled` for one. */
interface Attempt {
  readonly throttles: readonly Throttle[];
  readonly kind: ThrottledAttempt;
  readonly client: Client;
  readonly userId?: string | undefined;
  readonly emailKey?: string;
}

/** The throttle by address; none for this machine's own addresses, unless what comes from there may be a proxy's. */
export function byAddress(
  ports: Pick<AuthPorts, 'policy'>,
  name: string,
  rule: ThrottleRule,
  client: Client,
): Throttle[] {
  if (isLoopback(client.address) && !ports.policy.throttleLoopback) return [];
  return [{ key: `${name}:address:${networkOf(client.address)}`, rule }];
}

/**
 * The throttle of failed logins to an account, whether or not there is one. An address from which its owner lately logged in is counted apart, so that whoever guesses
 * from elsewhere cannot lock the owner out.
 */
export async function byAccount(
  ports: AdmissionPorts,
  emailKey: string,
  userId: string | undefined,
  client: Client,
): Promise<Throttle> {
  const network = networkOf(client.address);
  const since = ports.clock.now() - KNOWN_ADDRESS_MS;
  const known = await ports.store.isKnownAddress(userId ?? '', network, since);
  return accountThrottle(emailKey, known ? network : undefined);
}

/** The counters of failed logins that a reset from here clears. */
export function accountThrottleKeys(emailKey: string, client: Client): string[] {
  return [accountThrottle(emailKey, undefined).key, accountThrottle(emailKey, networkOf(client.address)).key];
}

function accountThrottle(emailKey: string, knownNetwork: string | undefined): Throttle {
  const account = digestSecret(emailKey);
  return {
    key: knownNetwork ? `login:known:${account}:${knownNetwork}` : `login:account:${account}`,
    rule: FAILED_LOGINS,
  };
}

/**
 * Counts an attempt before anything is spent on it, so that of many at once no more pass than one after another would.
 *
 * @throws {@link AuthError} `rate_limited`, with the seconds to wait. The first refusal is recorded; those that follow write nothing.
 */
export async function admitAttempt(ports: AdmissionPorts, attempt: Attempt): Promise<void> {
  if (attempt.throttles.length === 0) return;
  const now = ports.clock.now();
  const states = await ports.store.findThrottles(attempt.throttles.map(({ key }) => key));
  for (const { key, rule } of attempt.throttles) {
    const state = states.get(key);
    if (state?.noted) refuse(blockedForMs(rule, state, now), attempt.kind);
  }
  const blockedMs = await ports.store.write((transaction) => count(transaction, ports, attempt));
  refuse(blockedMs, attempt.kind);
}

async function count(transaction: WriteTransaction, ports: AdmissionPorts, attempt: Attempt): Promise<number> {
  const { kind, client, userId, emailKey } = attempt;
  for (const { key, rule } of attempt.throttles) {
    const state = await transaction.lockThrottle(key);
    // Read once the lock is held: beside a counter that another attempt saved meanwhile, an older time would look blocked.
    const now = ports.clock.now();
    const blockedMs = blockedForMs(rule, state, now);
    if (blockedMs > 0) {
      if (state && !state.noted) {
        await transaction.saveThrottle(key, { ...state, noted: true });
        await transaction.addEvent(authEvent(ports.clock, `${kind}_throttled`, client, { userId, emailKey }));
      }
      return blockedMs;
    }
    await transaction.saveThrottle(key, countOne(rule, state, now));
  }
  return 0;
}

function refuse(blockedMs: number, throttled: ThrottledAttempt): void {
  if (blockedMs === 0) return;
  const retryAfterSeconds = Math.ceil(blockedMs / 1000);
  throw new AuthError('rate_limited', {
    retryAfterSeconds,
    throttled,
    message: `too many attempts; try again in ${retryAfterSeconds} s`,
  });
}
