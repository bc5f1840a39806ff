import { type AuthPorts, deleteExpired } from '@authsvc/core';
import type { FastifyBaseLogger } from 'fastify';

const LONGEST_INTERVAL_MS = 3_600_000;

/**
 * Deletes expired rows now, and then at the shortest of the lifetimes, at least every hour, so that
 * no table grows far beyond what is alive.
 *
 * @returns what stops it, once a deletion under way is over.
 */
export function startHousekeeping(ports: AuthPorts, log: FastifyBaseLogger): () => Promise<void> {
  const { lifetimes, resetTokenMs } = ports.policy;
  const intervalMs = Math.min(LONGEST_INTERVAL_MS, lifetimes.idleMs, lifetimes.lifetimeMs, resetTokenMs);
  let cleaning: Promise<void> | undefined;
  const clean = async () => {
    try {
      await deleteExpired(ports);
    } catch (err) {
      log.error({ err }, 'what has expired could not be deleted; tried again later');
    }
    cleaning = undefined;
  };
  const timer = setInterval(() => {
    cleaning ??= clean();
  }, intervalMs);
  timer.unref();
  cleaning = clean();
  return async () => {
    clearInterval(timer);
    await cleaning;
  };
}
