import { authEvent } from '../audit/event.ts';
import { AuthError, type ThrottledAttempt } from '../errors.ts';
import type { AuthPorts, HashingPlace } from '../ports.ts';
import type { Requester } from '../requester.ts';
import type { ThrottleState, WriteTransaction } from '../store.ts';
import { MAX_WAIT_MS } from './attempts-in-flight.ts';
import { blockedForMs, countOne, FAILED_LOGINS, type Throttle } from './throttle.ts';

/**
 * As many as a counter of guesses lets pass without a delay. More attempts on one account would
 * only crowd out those on others.
 */
const MAX_IN_FLIGHT = FAILED_LOGINS.free + 1;

/** Who is counted, and for what; `kind` names the event of a refusal, such as `login_throttled`. */
interface Attempt {
  readonly throttles: readonly Throttle[];
  readonly kind: Exclude<ThrottledAttempt, 'session_end'>;
  readonly client: Requester;
  readonly userId?: string | undefined;
  readonly emailKey?: string;
}

/** An attempt that can be wrong. */
interface Guess extends Attempt {
  /**
   * The one of the throttles that a success clears: attempts beyond it wait for those in flight.
   */
  readonly guesses: Throttle;
  /** Whether its browser is known to the account: it then has slots that no stranger takes. */
  readonly isKnown?: boolean;
}

/** Why an attempt is not let through. */
interface Block {
  /** The first of the throttles that block it. */
  readonly throttle: Throttle;
  /** How long until the last of them lets it through. */
  readonly forMs: number;
  readonly isNoted: boolean;
}

/**
 * Count an attempt before anything is spent on it, so that concurrent attempts pass no faster than
 * sequential ones.
 *
 * @throws {@link AuthError} `rate_limited`, with the seconds to wait. Only the first refusal is
 * recorded.
 */
export async function admitAttempt(ports: AuthPorts, attempt: Attempt): Promise<void> {
  if (attempt.throttles.length === 0) return;
  const blocked = (await findBlock(ports, attempt)) ?? (await count(ports, attempt));
  if (blocked) await refuse(ports, attempt, blocked);
}

/**
 * Admits a password that is to be hashed. One that a throttle refuses takes no place in the queue
 * from others.
 *
 * @returns its place in the hashing queue.
 * @throws {@link AuthError} `rate_limited`; `overloaded`, with nothing written.
 */
export async function admitPassword(ports: AuthPorts, attempt: Attempt): Promise<HashingPlace> {
  if (attempt.throttles.length === 0) return ports.hasher.takePlace();
  const blocked = await findBlock(ports, attempt);
  if (blocked) await refuse(ports, attempt, blocked);
  const counted = await countAtPlace(ports, attempt);
  return counted.place ?? refuse(ports, attempt, counted.blocked);
}

/**
 * Admits a password that is to be compared. Those that the counter does not allow wait for the ones
 * in flight in this process, since a correct one clears the counter: many clients that know the
 * password get in at the same time, and guesses pass no faster than one by one.
 *
 * @returns its place in the hashing queue, to be held until its outcome is stored.
 * @throws {@link AuthError} as {@link admitPassword}.
 */
export async function admitGuess(ports: AuthPorts, attempt: Guess): Promise<Disposable> {
  const { key } = attempt.guesses;
  let blocked = await findBlock(ports, attempt);
  if (blocked && !(blocked.throttle.key === key && ports.attempts.inFlight(key) > 0)) {
    await refuse(ports, attempt, blocked);
  }
  using turn = await ports.attempts.enter(key);
  if (!turn) throw tooMany(Math.max(blocked?.forMs ?? 0, MAX_WAIT_MS), attempt.kind);
  let mustLook = turn.hasWaited || blocked !== undefined;
  for (;;) {
    const settled = turn.settled();
    const mayChange = () => turn.inFlight() > 0 || turn.settled() !== settled;
    if (mustLook) blocked = await findBlock(ports, attempt);
    mustLook = true;
    let full: unknown;
    if (!blocked && turn.inFlight() < MAX_IN_FLIGHT) {
      try {
        const counted = await countAtPlace(ports, attempt, mayChange);
        if (!counted.blocked) return flight(turn.takeOff(), counted.place);
        blocked = counted.blocked;
      } catch (error) {
        if (!(error instanceof AuthError && error.code === 'overloaded')) throw error;
        full = error;
      }
    }
    if (blocked && blocked.throttle.key !== key) await refuse(ports, attempt, blocked);
    const change = await turn.nextChange(settled);
    if (change === 'too late') throw tooMany(Math.max(blocked?.forMs ?? 0, MAX_WAIT_MS), attempt.kind);
    if (change === 'changed') continue;
    if (blocked) await refuse(ports, attempt, blocked);
    if (full !== undefined) throw full;
  }
}

type Counted =
  | { readonly place: HashingPlace; readonly blocked?: undefined }
  | { readonly place?: undefined; readonly blocked: Block };

async function countAtPlace(ports: AuthPorts, attempt: Attempt | Guess, mayChange?: () => boolean): Promise<Counted> {
  const place = ports.hasher.takePlace({ isKnown: 'isKnown' in attempt && attempt.isKnown === true });
  try {
    const blocked = await count(ports, attempt, mayChange);
    if (!blocked) return { place };
    place[Symbol.dispose]();
    return { blocked };
  } catch (error) {
    place[Symbol.dispose]();
    throw error;
  }
}

/** An attempt in flight and its place in the queue, which are disposed of together. */
function flight(inFlight: Disposable, place: HashingPlace): Disposable {
  return {
    [Symbol.dispose]: () => {
      place[Symbol.dispose]();
      inFlight[Symbol.dispose]();
    },
  };
}

async function findBlock({ clock, store }: AuthPorts, { throttles }: Attempt): Promise<Block | undefined> {
  const states = await store.findThrottles(throttles.map(({ key }) => key));
  const now = clock.now();
  return blockOf(
    throttles.map((throttle) => ({ throttle, state: states.get(throttle.key) })),
    now,
  );
}

function blockOf(
  counters: readonly { throttle: Throttle; state: ThrottleState | undefined }[],
  nowMs: number,
): Block | undefined {
  const blocks = counters
    .map(({ throttle, state }) => ({
      throttle,
      isNoted: state?.noted ?? false,
      forMs: blockedForMs(throttle.rule, state, nowMs),
    }))
    .filter(({ forMs }) => forMs > 0);
  const [first] = blocks;
  return first && { ...first, forMs: Math.max(...blocks.map(({ forMs }) => forMs)) };
}

/**
 * Counts an attempt under each throttle, or under none.
 *
 * @param mayChange whether a guess that is blocked can still wait for others.
 */
function count(
  ports: AuthPorts,
  attempt: Attempt | Guess,
  mayChange: () => boolean = () => false,
): Promise<Block | undefined> {
  return ports.store.write(async (transaction) => {
    const counters: { throttle: Throttle; state: ThrottleState | undefined }[] = [];
    for (const throttle of attempt.throttles) {
      counters.push({ throttle, state: await transaction.lockThrottle(throttle.key) });
    }
    // The time once the locks are held: with an earlier one, a counter that another attempt saved
    // in between would seem to block this one.
    const now = ports.clock.now();
    const blocked = blockOf(counters, now);
    if (!blocked) {
      for (const { throttle, state } of counters) {
        await transaction.saveThrottle(throttle.key, countOne(throttle.rule, state, now));
      }
      return undefined;
    }
    const waits = 'guesses' in attempt && blocked.throttle.key === attempt.guesses.key && mayChange();
    const counter = counters.find(({ throttle }) => throttle === blocked.throttle);
    if (waits || blocked.isNoted || counter?.state === undefined) return blocked;
    await note(transaction, ports, attempt, blocked.throttle.key, counter.state);
    return { ...blocked, isNoted: true };
  });
}

/** @throws AuthError `rate_limited`, once it is recorded that this throttle refuses. */
async function refuse(ports: AuthPorts, attempt: Attempt, { throttle, forMs, isNoted }: Block): Promise<never> {
  if (!isNoted) {
    await ports.store.write(async (transaction) => {
      const state = await transaction.lockThrottle(throttle.key);
      if (!state || state.noted || blockedForMs(throttle.rule, state, ports.clock.now()) === 0) return;
      await note(transaction, ports, attempt, throttle.key, state);
    });
  }
  throw tooMany(forMs, attempt.kind);
}

async function note(
  transaction: WriteTransaction,
  { clock }: AuthPorts,
  { kind, client, userId, emailKey }: Attempt,
  key: string,
  state: ThrottleState,
): Promise<void> {
  await transaction.saveThrottle(key, { ...state, noted: true });
  await transaction.addEvent(authEvent(clock, `${kind}_throttled`, client, { userId, emailKey }));
}

/** The refusal of an attempt that may be repeated after `forMs` milliseconds. */
export function tooMany(forMs: number, throttled: ThrottledAttempt): AuthError {
  const retryAfterSeconds = Math.ceil(forMs / 1000);
  return new AuthError('rate_limited', {
    retryAfterSeconds,
    throttled,
    message: `too many attempts; try again in ${retryAfterSeconds} s`,
  });
}
