import type { AuthPolicy, Clock, PasswordHasher } from './ports.ts';

/** A clock that stands still until it is moved; `now` is milliseconds since the Unix epoch. */
export interface FixedClock extends Clock {
  advance(milliseconds: number): void;
}

export function createFixedClock(startMs = Date.UTC(2030, 0, 1)): FixedClock {
  let current = startMs;
  return {
    now: () => current,
    advance: (milliseconds) => {
      current += milliseconds;
    },
  };
}

/** A hasher that costs nothing and counts, for tests of rules that are not about hashing. */
export interface CheapHasher extends PasswordHasher {
  readonly counts: { hash: number; verify: number };
}

export function createCheapHasher(): CheapHasher {
  const counts = { hash: 0, verify: 0 };
  return {
    counts,
    hash: async (password) => {
      counts.hash += 1;
      return `cheap:${password}`;
    },
    verify: async (password, passwordHash) => {
      counts.verify += 1;
      return passwordHash === `cheap:${password}`;
    },
    needsRehash: () => false,
  };
}

/** The defaults of the service, as the rules see them. */
export const defaultPolicy: AuthPolicy = {
  password: { minLength: 8 },
  lifetimes: { idleMs: 604_800_000, lifetimeMs: 2_592_000_000 },
  resetTokenMs: 600_000,
  resetDelivery: 'response',
  throttleLoopback: false,
};
