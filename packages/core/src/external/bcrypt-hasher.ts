import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import type { Worker } from 'node:worker_threads';
import type { Piscina, TaskQueue } from 'piscina';
import { AuthError } from '../errors.ts';
import type { HashingPlace, PasswordHasher } from '../ports.ts';
import type { HashTask, TimedResult } from './hash-worker.ts';
import { adoptHash, exportedHash, hashCost, isForeign } from './password-scheme.ts';

/** Below the event loop and SQLite's threads, which answer the requests that hash nothing. */
const WORKER_NICE_INCREMENT = 10;
/**
 * The longest Retry-After, in milliseconds: after a longer one, some of many clients never return.
 */
const MAX_RETRY_AFTER_MS = 10_000;

export interface BcryptHasherOptions {
  /** log2 of the rounds of new hashes, 10 to 15. */
  readonly cost: number;
  /** Worker threads; one a core by default. */
  readonly workers?: number;
  /** How long a password may have to wait for a worker, in milliseconds; 2,000 by default. */
  readonly maxWaitMs?: number;
  /** Called for each password that was hashed or compared. */
  readonly onHashed?: (timing: HashTiming) => void;
}

/** How long one password took, in milliseconds. */
export interface HashTiming {
  /** Until a worker began with it. */
  readonly waitMs: number;
  readonly hashMs: number;
}

export interface BcryptHasher extends PasswordHasher {
  /** Starts the workers, which the first password would otherwise wait for. */
  start(): Promise<void>;
  /** How many passwords wait for a worker now, and how many are being hashed. */
  load(): { waiting: number; working: number };
  /** Refuse every password that is still in the queue as `overloaded`: there is no time left. */
  giveUp(): void;
  /** Waits for what is being hashed, unless that was given up, and ends the workers. */
  close(): Promise<void>;
}

/**
 * Run bcrypt in worker threads of lowered priority, outside libuv's pool, which SQLite and DNS
 * lookups need.
 *
 * The queue is bounded by time: a password that would wait longer than `maxWaitMs` is refused
 * before it costs anything. Known browsers have as much room of their own and go first, so that no
 * number of strangers keeps them out.
 */
export function createBcryptHasher({
  cost,
  workers = availableParallelism(),
  maxWaitMs = 2000,
  onHashed,
}: BcryptHasherOptions): BcryptHasher {
  let starting: Promise<Pool> | undefined;
  // Well-formed, since bcrypt would refuse any other at once, and the short time would show that
  // there is no account.
  const dummyHash = `$2b$${String(cost).padStart(2, '0')}$${'.'.repeat(53)}`;
  const places = { known: 0, all: 0 };
  const hashing = { known: 0, all: 0 };
  // 55 ms at cost 10 on a slow core, doubling with each step; corrected by what is measured.
  let hashMs = 55 * 2 ** (cost - 10);
  /** Until when refused clients have been promised a slot, one after the other. */
  let promisedUntil = 0;
  /** How to reject each password that waits for a hash. */
  const waiting = new Set<(error: AuthError) => void>();
  let hasGivenUp = false;

  function startPool(): Promise<Pool> {
    // A failure is not kept: the next password is another try.
    starting ??= createPool(workers).catch((error) => {
      starting = undefined;
      throw error;
    });
    return starting;
  }

  function takePlace({ isKnown } = { isKnown: false }): HashingPlace {
    if (hasGivenUp) throw noTimeLeft();
    const ahead = isKnown ? places.known : places.all;
    const waitMs = (Math.max(0, ahead + 1 - workers) * hashMs) / workers;
    if (waitMs > maxWaitMs) throw new AuthError('overloaded', { retryAfterSeconds: promiseRoom(waitMs) });
    return countIn(places, isKnown);
  }

  /**
   * Seconds until there is a slot. With one Retry-After for all, they would return together, be
   * refused again, and leave the workers idle.
   */
  function promiseRoom(waitMs: number): number {
    const now = performance.now();
    const inMs = Math.min(Math.max(promisedUntil - now, waitMs) + hashMs / workers, MAX_RETRY_AFTER_MS);
    promisedUntil = now + inMs;
    return Math.ceil(inMs / 1000);
  }

  async function run<Result>(task: HashTask, isKnown = false): Promise<Result> {
    using _counted = countIn(hashing, isKnown);
    // A known browser waits for the strangers alone that are being hashed.
    const strangers = isKnown ? Math.min(hashing.all - hashing.known, workers) : hashing.all - hashing.known;
    const queuedBehind = Math.ceil((hashing.known + strangers) / workers);
    const { pool, toFront } = await startPool();
    const startedAt = performance.now();
    if (hasGivenUp) throw noTimeLeft();
    const { result, ms }: TimedResult<Result> = await orSentAway(pool.run(isKnown ? toFront(task) : task));
    const totalMs = performance.now() - startedAt;
    hashMs += (totalMs / queuedBehind - hashMs) / 8;
    onHashed?.({ waitMs: Math.max(0, totalMs - ms), hashMs: ms });
    return result;
  }

  function orSentAway<Result>(work: Promise<Result>): Promise<Result> {
    return new Promise((resolve, reject) => {
      waiting.add(reject);
      work.then(resolve, reject).finally(() => waiting.delete(reject));
    });
  }

  return {
    start: async () => {
      await startPool();
    },
    takePlace,
    load: () => ({ waiting: Math.max(0, hashing.all - workers), working: Math.min(hashing.all, workers) }),
    giveUp: () => {
      hasGivenUp = true;
      for (const sendAway of waiting) sendAway(noTimeLeft());
    },
    hash: (password) => run<string>({ kind: 'hash', password, cost }),
    verify: async (password, passwordHash, { isKnown } = { isKnown: false }) => {
      const task = { kind: 'verify', password, passwordHash: passwordHash ?? dummyHash } as const;
      const matches = await run<boolean>(task, isKnown);
      return matches && passwordHash !== undefined;
    },
    needsRehash: (passwordHash) => isForeign(passwordHash) || hashCost(passwordHash) < cost,
    costOf: hashCost,
    adopt: adoptHash,
    exported: exportedHash,
    close: async () => {
      const started = await starting?.catch(() => undefined);
      await started?.ready;
      await (hasGivenUp ? started?.pool.destroy() : started?.pool.close());
    },
  };
}

/** Those of known browsers, and all. */
interface Counts {
  known: number;
  all: number;
}

function countIn(counts: Counts, isKnown: boolean): Disposable {
  const known = isKnown ? 1 : 0;
  counts.all += 1;
  counts.known += known;
  return {
    [Symbol.dispose]: () => {
      counts.all -= 1;
      counts.known -= known;
    },
  };
}

/** Another instance, or this one once it is restarted, may have time. */
function noTimeLeft(): AuthError {
  return new AuthError('overloaded', { retryAfterSeconds: 1 });
}

interface Pool {
  readonly pool: Piscina;
  /** Mark a task as one that goes before those that are not marked. */
  readonly toFront: (task: HashTask) => HashTask;
  /**
   * Resolves when every worker has loaded bcrypt: ending a thread that still loads it ends the
   * process.
   */
  readonly ready: Promise<unknown>;
}

/** Piscina counts the first workers as ready at once; each sends a message when it is. */
function hasLoaded(worker: Worker): Promise<void> {
  return new Promise((resolve) => {
    for (const sign of ['message', 'error', 'exit']) worker.once(sign, () => resolve());
  });
}

/** The library is loaded with the first pool, so that a daemon listens sooner. */
async function createPool(workers: number): Promise<Pool> {
  const { FixedQueue, Piscina, queueOptionsSymbol } = await import('piscina');
  const first = new FixedQueue();
  const others = new FixedQueue();
  const queueOf = (task: object) => (Reflect.get(task, queueOptionsSymbol) ? first : others);
  const taskQueue: TaskQueue = {
    get size() {
      return first.size + others.size;
    },
    push: (task) => queueOf(task).push(task),
    unshift: (task) => queueOf(task).unshift(task),
    shift: () => first.shift() ?? others.shift(),
    remove: (task) => queueOf(task).remove(task),
  };
  const pool = new Piscina({
    filename: createRequire(import.meta.url).resolve('@authsvc/core/hash-worker'),
    name: 'runHashTask',
    minThreads: workers,
    maxThreads: workers,
    niceIncrement: WORKER_NICE_INCREMENT,
    taskQueue,
    // Otherwise a task that finds no idle worker returns to the end of the queue, and may wait for
    // as long as others come.
    stricterFIFO: true,
    // The workers need no environment.
    env: {},
    execArgv: [],
  });
  const toFront = (task: HashTask) => ({ ...task, [queueOptionsSymbol]: {} });
  return { pool, toFront, ready: Promise.all(pool.threads.map(hasLoaded)) };
}
