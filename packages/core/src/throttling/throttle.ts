import type { User } from '../accounts/user.ts';
import { CLOCK_SKEW_MS, isOver, lasts } from '../clock-skew.ts';
import type { OwedKind } from '../mail/outbox-mail.ts';
import type { AuthPorts } from '../ports.ts';
import { isLoopback, networkOf, networkOfPrefix, type Requester } from '../requester.ts';
import type { Device } from '../sessions/device.ts';
import type { ThrottleState } from '../store.ts';
import { digestSecret } from '../tokens/digest.ts';

/** A number of attempts in a period, which begins with the first. */
interface WindowRule {
  readonly kind: 'window';
  readonly limit: number;
  readonly windowMs: number;
}

/** A number of attempts without a delay, then a delay that doubles with each further one. */
interface BackoffRule {
  readonly kind: 'backoff';
  readonly free: number;
  readonly firstDelayMs: number;
  readonly maxDelayMs: number;
  readonly forgetAfterMs: number;
}

export type ThrottleRule = WindowRule | BackoffRule;

/** A rule, and the name under which it is counted. */
export interface Throttle {
  readonly key: string;
  readonly rule: ThrottleRule;
}

const MINUTE_MS = 60_000;

/**
 * Guesses on one account cost at most about 20 comparisons an hour, from any number of addresses.
 *
 * @see https://pages.nist.gov/800-63-4/sp800-63b.html#throttle
 * @see
 * https://cheatsheetseries.owasp.org/cheatsheets/Authentication_Cheat_Sheet.html#account-lockout
 */
export const FAILED_LOGINS: BackoffRule = {
  kind: 'backoff',
  free: 4,
  firstDelayMs: 1000,
  maxDelayMs: 15 * MINUTE_MS,
  forgetAfterMs: 24 * 60 * MINUTE_MS,
};
/** Uses of reset tokens per address; the limit for requests applies instead if it is higher. */
export const RESETS_PER_MINUTE = 10;
/** Changes by one user: ending sessions, or what asks for the password again. */
const CHANGES_BY_USER = perMinute(60);
/** Mails of any kind to one mailbox, against flooding it; see `mail-budget.ts`. */
export const MAILS_BY_MAILBOX = perHour(5);
/**
 * What some kinds may send beyond that, so that no other kind keeps them from their owner: 13 mails
 * an hour in all. Two resets an hour keep one good while tokens live for 30 minutes.
 */
const CHANGES = { name: 'changes', rule: perHour(3) };
export const RESERVED_MAILS: Readonly<Partial<Record<OwedKind, { readonly name: string; readonly rule: WindowRule }>>> =
  {
    reset: { name: 'reset', rule: perHour(2) },
    registration: { name: 'registration', rule: perHour(1) },
    invitation: { name: 'invitation', rule: perHour(1) },
    login_notice: { name: 'login', rule: perHour(1) },
    wrong_codes: CHANGES,
    password_changed: CHANGES,
    email_change_notice: CHANGES,
    email_changed: CHANGES,
    factor_enabled: CHANGES,
    factor_disabled: CHANGES,
    recovery_codes_renewed: CHANGES,
    recovery_code_used: CHANGES,
  };

/** The part of the hour of a mailbox that all kinds share, or that one has beyond it. */
export function mailPart(emailKey: string, name: string): string {
  return `mail:${name}:${digestSecret(emailKey)}`;
}

/**
 * How long an address that logged in to an account has a counter of its own, which others cannot
 * fill.
 */
export const KNOWN_ADDRESS_MS = 30 * 24 * 60 * MINUTE_MS;

/** A number of attempts in a minute, which begins with the first. */
export function perMinute(limit: number): WindowRule {
  return { kind: 'window', limit, windowMs: MINUTE_MS };
}

function perHour(limit: number): WindowRule {
  return { kind: 'window', limit, windowMs: 60 * MINUTE_MS };
}

/** For how long attempts are refused, in milliseconds; 0 if the next one is let through. */
export function blockedForMs(rule: ThrottleRule, state: ThrottleState | undefined, nowMs: number): number {
  if (!state || !lasts(state.until, reachMs(rule, state), nowMs)) return 0;
  return rule.kind === 'window' && state.count < rule.limit ? 0 : state.until - nowMs;
}

/** The counter after one more attempt, which {@link blockedForMs} has let through. */
export function countOne(rule: ThrottleRule, state: ThrottleState | undefined, nowMs: number): ThrottleState {
  if (rule.kind === 'window') {
    const open = state !== undefined && lasts(state.until, rule.windowMs, nowMs);
    const until = open ? state.until : nowMs + rule.windowMs;
    return { count: open ? state.count + 1 : 1, until, noted: false, expiresAt: until };
  }
  const counts = state !== undefined && lasts(state.expiresAt, rule.forgetAfterMs, nowMs);
  const count = counts ? state.count + 1 : 1;
  return { count, until: nowMs + delayMs(rule, count), noted: false, expiresAt: nowMs + rule.forgetAfterMs };
}

/** How far from the present a counter's `until` can lie, on a clock that was not set back. */
function reachMs(rule: ThrottleRule, { count }: ThrottleState): number {
  return rule.kind === 'window' ? rule.windowMs : delayMs(rule, count);
}

function delayMs({ free, firstDelayMs, maxDelayMs }: BackoffRule, count: number): number {
  return count > free ? Math.min(firstDelayMs * 2 ** (count - free - 1), maxDelayMs) : 0;
}

/**
 * A subscriber may have this much of IPv6: a wider network, shared with neighbours, has a higher
 * limit.
 *
 * @see https://www.ripe.net/publications/docs/ripe-690/
 */
const WIDE_NETWORKS = [
  { bits: 56, times: 8 },
  { bits: 48, times: 32 },
] as const;
/**
 * The limit for addresses that are known to the account, and for its known browsers together, as a
 * multiple of the common one.
 */
const TIMES_KNOWN = 32;

/**
 * The throttles by address; none for this machine's own addresses, unless requests from there may
 * come through a proxy.
 */
export function byAddress(ports: AuthPorts, name: string, limitPerMinute: number, client: Requester): Throttle[] {
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

/** What is known of where a request for an account comes from. */
export interface Place {
  /** The browser, if it has completed a login to this account. */
  readonly device: Device | undefined;
  /** The network, if the user recently logged in from there. */
  readonly network: string | undefined;
}

/** @param deviceToken of a browser that says it is known. */
export async function findPlace(
  ports: AuthPorts,
  userId: string | undefined,
  { client, deviceToken }: { readonly client: Requester; readonly deviceToken?: string | undefined },
): Promise<Place> {
  const network = await findKnownNetwork(ports, userId ?? '', client);
  if (deviceToken === undefined) return { device: undefined, network };
  const device = await ports.store.findDevice(digestSecret(deviceToken), userId ?? '');
  return { device: device && !isOver(device, ports.clock.now()) ? device : undefined, network };
}

/**
 * The throttles of a login, whether or not there is such an account. A browser or an address from
 * which its owner recently logged in has a counter of its own, so that guesses from elsewhere lock
 * out neither the owner nor others at that address. A browser that is known is not counted by its
 * address: a stolen one is worth five guesses, and then blocks itself alone. Those of one account
 * have one limit, so that no one with an account keeps the hashing queue busy by logging in to it.
 */
export function ofLogin(
  ports: AuthPorts,
  emailKey: string,
  { device, network }: Place,
  client: Requester,
): { throttles: Throttle[]; guesses: Throttle } {
  const { loginsPerMinute } = ports.policy;
  if (device) {
    const guesses = { key: `login:device:${device.digest}`, rule: FAILED_LOGINS };
    const ofKnown = { key: `login:known-devices:${device.userId}`, rule: perMinute(TIMES_KNOWN * loginsPerMinute) };
    return { throttles: isUncounted(ports, client) ? [guesses] : [ofKnown, guesses], guesses };
  }
  const guesses = accountThrottle(emailKey, network);
  if (!network) return { throttles: [...byAddress(ports, 'login', loginsPerMinute, client), guesses], guesses };
  const ofKnown = { key: `login:known-address:${network}`, rule: perMinute(TIMES_KNOWN * loginsPerMinute) };
  return { throttles: isUncounted(ports, client) ? [guesses] : [ofKnown, guesses], guesses };
}

export interface CodeCounter extends Throttle {
  /** Whether it is that of one place, where the owner was. */
  readonly isOfKnown: boolean;
}

/**
 * The counter of wrong codes, apart from that of passwords. A browser or an address where a code
 * was right since the factor is on has one of its own, so that no guesses from elsewhere keep the
 * owner out. With the password or the mailbox alone, a thief could make any number of either known.
 */
export async function ofCode(
  { clock, store }: AuthPorts,
  {
    user: { id, secondFactorAt = 0 },
    client,
    device,
  }: {
    readonly user: Pick<User, 'id' | 'secondFactorAt'>;
    readonly client: Requester;
    readonly device: Device | undefined;
  },
): Promise<CodeCounter> {
  if (device && device.lastLoginAt >= secondFactorAt) {
    return { key: `code:device:${device.digest}`, rule: FAILED_LOGINS, isOfKnown: true };
  }
  const network = networkOf(client.address);
  const { sinceMs, untilMs } = knownWithin(clock.now());
  const since = Math.max(sinceMs, secondFactorAt - 1);
  const isOfKnown = await store.hasLoggedInFrom(id, network, { sinceMs: since, untilMs });
  return { key: isOfKnown ? `code:known:${id}:${network}` : `code:user:${id}`, rule: FAILED_LOGINS, isOfKnown };
}

/** How often an owner hears of wrong codes: once an hour, and again after a right one. */
export function noticeOfCodes(userId: string): Throttle {
  return { key: `code:notice:${userId}`, rule: perHour(1) };
}

/** The network of a request, if the user recently logged in from there. */
async function findKnownNetwork(
  { clock, store }: AuthPorts,
  userId: string,
  client: Requester,
): Promise<string | undefined> {
  const network = networkOf(client.address);
  return (await store.isKnownAddress(userId, network, knownWithin(clock.now()))) ? network : undefined;
}

function knownWithin(nowMs: number) {
  return { sinceMs: nowMs - KNOWN_ADDRESS_MS, untilMs: nowMs + CLOCK_SKEW_MS };
}

/** The counters of failed logins that a reset from here clears. */
export function accountThrottleKeys(emailKey: string, client: Requester): string[] {
  return [accountThrottle(emailKey, undefined).key, accountThrottle(emailKey, networkOf(client.address)).key];
}

function isUncounted({ policy }: AuthPorts, client: Requester): boolean {
  return isLoopback(client.address) && !policy.throttleLoopback;
}

function accountThrottle(emailKey: string, knownNetwork: string | undefined): Throttle {
  const accountDigest = digestSecret(emailKey);
  return {
    key: knownNetwork ? `login:known:${accountDigest}:${knownNetwork}` : `login:account:${accountDigest}`,
    rule: FAILED_LOGINS,
  };
}

/** The counter of failed confirmations, which a reset clears. */
export const confirmationCounter = (userId: string) => `confirm:user:${userId}`;

/**
 * What an open session may change of its account in a minute, so that no session can fill the
 * database.
 */
export function changesOf(userId: string): Throttle {
  return { key: `change:user:${userId}`, rule: CHANGES_BY_USER };
}
