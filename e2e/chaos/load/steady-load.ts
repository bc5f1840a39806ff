import { percentile } from '../../support/statistics.mjs';

export interface SteadyResult {
  readonly sent: number;
  readonly p99Ms: number;
  readonly slowestMs: number;
  /** The statuses and errors that came instead of a 200. */
  readonly unexpected: readonly string[];
}

/**
 * Sends requests at a steady pace, whether or not earlier ones are answered. Each must be answered
 * with 200.
 */
export function startSteadyLoad(everyMs: number, send: (turn: number) => Promise<{ status: number }>) {
  const tookMs: number[] = [];
  const unexpected: string[] = [];
  const open = new Set<Promise<void>>();
  let turn = 0;

  const measure = async () => {
    const startedAt = performance.now();
    try {
      const { status } = await send(turn++);
      if (status !== 200) unexpected.push(`status ${status}`);
    } catch (error) {
      unexpected.push((error as NodeJS.ErrnoException).code ?? String(error));
    }
    tookMs.push(performance.now() - startedAt);
  };
  const timer = setInterval(() => {
    const one = measure().finally(() => open.delete(one));
    open.add(one);
  }, everyMs);

  return {
    /** Ends it, and waits for the answers that are still owed. */
    stop: async (): Promise<SteadyResult> => {
      clearInterval(timer);
      await Promise.all(open);
      return { sent: tookMs.length, p99Ms: percentile(tookMs, 99), slowestMs: Math.max(...tookMs), unexpected };
    },
  };
}

/** Why the other clients were not served well enough during the load; empty if they were. */
export function servedWithin({ sent, p99Ms, unexpected }: SteadyResult, p99LimitMs: number): string[] {
  const failures =
    unexpected.length === 0 ? [] : [`${unexpected.length} of others' requests: ${[...new Set(unexpected)]}`];
  if (sent === 0) failures.push('others sent nothing');
  if (!(p99Ms < p99LimitMs)) failures.push(`others' p99 was ${p99Ms.toFixed(0)} ms`);
  return failures;
}
