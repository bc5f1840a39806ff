import { randomBytes, randomUUID } from 'node:crypto';
import type { Clock, Random } from '../ports.ts';

export const systemClock: Clock = { now: () => Date.now() };

export const systemRandom: Random = { bytes: (count) => randomBytes(count), uuid: () => randomUUID() };
