import { type AuthPorts, deleteExpired } from '@authsvc/core';
import type { FastifyBaseLogger } from 'fastify';

const INTERVAL_MS = 3_600_000;

/**
 * Deletes what has expired, now and every hour.
 *
 * @returns what stops it, once a deletion under way is over.
 */
export function startHousekeeping(
  ports: Pick<AuthPorts, 'clock' | 'store' | 'policy'>,
  log: FastifyBaseLogger,
): () => Promise<void> {
  const clean = async () => {
    try {
      await deleteExpired(ports);
    } catch (err) {
      log.error({ err }, 'what has expired could not be deleted; tried again in an hour');
    }
  };
  let cleaning = clean();
  const timer = setInterval(() => {
    cleaning = clean();
  }, INTERVAL_MS);
  timer.unref();
  return () => {
    clearInterval(timer);
    return cleaning;
  };
}
