/** How long an attempt waits for others on the same account. */
export const MAX_WAIT_MS = 8000;
const MAX_WAITING_PER_KEY = 64;
const MAX_WAITING = 256;

/** How a wait for an attempt in flight ended. */
export type Change = 'changed' | 'nothing in flight' | 'too late';

/** The right to be admitted next under a key; given up on dispose. */
export interface Turn extends Disposable {
  readonly hasWaited: boolean;
  /** How many attempts were admitted and have not ended. */
  inFlight(): number;
  /** How many have ended; {@link nextChange} compares with it. */
  settled(): number;
  /** Waits until one in flight ends, unless one has ended since `settledBefore`. */
  nextChange(settledBefore: number): Promise<Change>;
  /** Passes the turn on, and counts as in flight until disposed of. */
  takeOff(): Disposable;
}

/**
 * The attempts in flight in this process, by the key of their counter. Those with one key are
 * admitted one at a time, in the order in which they came; the others wait in memory, which takes
 * no place in the hashing queue and no write.
 */
export interface AttemptsInFlight {
  inFlight(key: string): number;
  /**
   * Waits for a turn.
   *
   * @returns nothing where too many wait already, or after {@link MAX_WAIT_MS}.
   */
  enter(key: string): Promise<Turn | undefined>;
}

export interface AttemptsInFlightOptions {
  readonly maxWaitMs?: number;
  readonly maxWaitingPerKey?: number;
  readonly maxWaiting?: number;
}

interface Line {
  isTaken: boolean;
  inFlight: number;
  settled: number;
  /** Those who wait for their turn. */
  readonly waiting: Set<() => void>;
  /** Those whose turn it is, while they wait for one in flight to end. */
  readonly forChange: Set<() => void>;
}

export function createAttemptsInFlight({
  maxWaitMs = MAX_WAIT_MS,
  maxWaitingPerKey = MAX_WAITING_PER_KEY,
  maxWaiting = MAX_WAITING,
}: AttemptsInFlightOptions = {}): AttemptsInFlight {
  const lines = new Map<string, Line>();
  let waiting = 0;

  /** @returns false when nothing woke it in time. */
  function wait(wakers: Set<() => void>, untilMs: number): Promise<boolean> {
    return new Promise((resolve) => {
      const end = (isWoken: boolean) => {
        clearTimeout(timer);
        wakers.delete(wake);
        waiting -= 1;
        resolve(isWoken);
      };
      const wake = () => end(true);
      const timer = setTimeout(end, Math.max(0, untilMs - performance.now()), false);
      wakers.add(wake);
      waiting += 1;
    });
  }

  const hasRoom = (line: Line) => waiting < maxWaiting && line.waiting.size + line.forChange.size < maxWaitingPerKey;

  function createTurn(key: string, line: Line, untilMs: number, hasWaited: boolean): Turn {
    let isOver = false;
    const end = () => {
      if (isOver) return;
      isOver = true;
      line.isTaken = line.waiting.size > 0;
      wakeFirst(line.waiting);
      if (!line.isTaken && line.inFlight === 0) lines.delete(key);
    };
    return {
      hasWaited,
      inFlight: () => line.inFlight,
      settled: () => line.settled,
      nextChange: async (settledBefore) => {
        if (line.settled !== settledBefore) return 'changed';
        if (line.inFlight === 0) return 'nothing in flight';
        return (await wait(line.forChange, untilMs)) ? 'changed' : 'too late';
      },
      takeOff: () => {
        line.inFlight += 1;
        end();
        return {
          [Symbol.dispose]: () => {
            line.inFlight -= 1;
            line.settled += 1;
            wakeFirst(line.forChange);
            if (!line.isTaken && line.inFlight === 0) lines.delete(key);
          },
        };
      },
      [Symbol.dispose]: end,
    };
  }

  return {
    inFlight: (key) => lines.get(key)?.inFlight ?? 0,

    enter: async (key) => {
      const line = lines.get(key) ?? {
        isTaken: false,
        inFlight: 0,
        settled: 0,
        waiting: new Set(),
        forChange: new Set(),
      };
      lines.set(key, line);
      const untilMs = performance.now() + maxWaitMs;
      const mustWait = line.isTaken;
      if (mustWait && !(hasRoom(line) && (await wait(line.waiting, untilMs)))) return undefined;
      line.isTaken = true;
      return createTurn(key, line, untilMs, mustWait);
    },
  };
}

function wakeFirst(wakers: ReadonlySet<() => void>): void {
  const [first] = wakers;
  first?.();
}
