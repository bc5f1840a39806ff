import { type Client, isLoopback, networkOf, networkOfPrefix } from './client.ts';
import { CLOCK_SKEW_MS } from './other-time.ts';
import type { AuthPorts } from './ports.ts';
import { digestSecret } from './secret.ts';
import { FAILED_LOGINS, KNOWN_ADDRESS_MS, perMinute, type Throttle } from './throttle.ts';

/**
 * One subscriber may have as much of IPv6: a larger window, which many neighbours share, for each.
 *
 * @see https://www.ripe.net/publications/docs/ripe-690/
 */
const WIDE_NETWORKS = [
  { bits: 56, times: 8 },
  { bits: 48, times: 32 },
] as const;
/** So many times what strangers have is let through where the address is known to the account. */
const TIMES_KNOWN = 32;

/**
 * The throttles by address; none for this machine's own addresses, unless what comes from there may
 * be a proxy's.
 */
export function byAddress(
  ports: AuthPorts,
  name: string,
  limitPerMinute: number,
  client: Client,
): Throttle[] {
  if (isUncounted(ports, client)) return [];
  const own = { key: `${name}:address:${networkOf(client.address)}`, rule: perMinute(limitPerMinute) };
  const wide = WIDE_NETWORKS.flatMap(({ bits, times }) => {
    const network = networkOfPrefix(client.address, bits);
    return network === undefined
      ? []
      : [{ key: `${name}:address:${network}`, rule: perMinute(times * limitPerMinute) }];
  });
  return [own, ...wide];
}

/**
 * The throttles of a login, whether or not there is such an account. An address from
 * which its owner recently logged in has a counter of its own, so that guesses from elsewhere lock
 * out neither the owner nor others at that address.
 */
export async function ofLogin(
  ports: AuthPorts,
  emailKey: string,
  userId: string | undefined,
  client: Client,
): Promise<{ throttles: Throttle[]; guesses: Throttle }> {
  const network = networkOf(client.address);
  const now = ports.clock.now();
  const isKnown = await ports.store.isKnownAddress(userId ?? '', network, {
    sinceMs: now - KNOWN_ADDRESS_MS,
    untilMs: now + CLOCK_SKEW_MS,
  });
  const { loginsPerMinute } = ports.policy;
  const guesses = accountThrottle(emailKey, isKnown ? network : undefined);
  if (!isKnown) return { throttles: [...byAddress(ports, 'login', loginsPerMinute, client), guesses], guesses };
  const ofKnown = { key: `login:known-address:${network}`, rule: perMinute(TIMES_KNOWN * loginsPerMinute) };
  return { throttles: isUncounted(ports, client) ? [guesses] : [ofKnown, guesses], guesses };
}

/** The counters of failed logins that a reset from here clears. */
export function accountThrottleKeys(emailKey: string, client: Client): string[] {
  return [accountThrottle(emailKey, undefined).key, accountThrottle(emailKey, networkOf(client.address)).key];
}

function isUncounted({ policy }: AuthPorts, client: Client): boolean {
  return isLoopback(client.address) && !policy.throttleLoopback;
}

function accountThrottle(emailKey: string, knownNetwork: string | undefined): Throttle {
  const account = digestSecret(emailKey);
  return {
    key: knownNetwork ? `login:known:${account}:${knownNetwork}` : `login:account:${account}`,
    rule: FAILED_LOGINS,
  };
}
