import { randomBytes, randomUUID } from 'node:crypto';

export interface Clock {
  /** Milliseconds since the Unix epoch. */
  now(): number;
}

/** The CSPRNG; nothing that is secret comes from anywhere else. */
export interface Random {
  bytes(count: number): Buffer;
  /** A version 4 UUID. */
  uuid(): string;
}

export const systemClock: Clock = { now: () => Date.now() };

export const systemRandom: Random = { bytes: (count) => randomBytes(count), uuid: () => randomUUID() };
