import { setMaxListeners } from 'node:events';
import { setTimeout } from 'node:timers/promises';
import { percentile } from '../../support/statistics.mjs';

/** @typedef {import('../rounds.mjs').Sample} Sample */
/** @typedef {import('../../support/http-client.mjs').Answer} Answer */

/**
 * @typedef {object} InFlight
 * @property {number} clients each with one request in flight
 * @property {(client: number) => Promise<Answer>} send
 * @property {number} [warmUpSeconds] answers in these seconds do not count in the rate
 * @property {boolean} [impatient] whether a refused client tries again at once, instead of waiting
 * as the answer's Retry-After asks
 */

/**
 * Keep requests in flight until stopped.
 *
 * @param {InFlight} options
 * @returns {{ warm: Promise<void>, stop: () => Promise<Sample> }} `warm`
 * resolves when counting begins; `stop` ends the load and returns how many responses per second
 * had status 200
 */
export function keepInFlight({ clients, send, warmUpSeconds = 1, impatient = false }) {
  /** @type {{ at: number, tookMs: number, kind: 'ok' | 'refused' | 'failed' }[]} */
  const answers = [];
  const stopping = new AbortController();
  // Each waiting client adds a listener.
  setMaxListeners(clients, stopping.signal);
  const from = performance.now() + warmUpSeconds * 1000;

  /** @param {number} client */
  async function insist(client) {
    while (!stopping.signal.aborted) {
      const sentAt = performance.now();
      const answer = await send(client).catch(() => undefined);
      const at = performance.now();
      const kind = judge(answer);
      answers.push({ at, tookMs: at - sentAt, kind });
      if (kind === 'failed') await pause(1);
      if (kind === 'refused' && !impatient) await pause(Number(answer?.headers['retry-after'] ?? 1));
    }
  }

  /** @param {number} seconds */
  function pause(seconds) {
    return setTimeout(seconds * 1000, undefined, { signal: stopping.signal }).catch(() => undefined);
  }

  const clientsDone = Array.from({ length: clients }, (_, client) => insist(client));
  return {
    warm: setTimeout(warmUpSeconds * 1000),
    stop: async () => {
      const until = performance.now();
      stopping.abort();
      await Promise.all(clientsDone);
      const counted = answers.filter(({ at, kind }) => kind === 'ok' && at >= from && at < until);
      const took = counted.map(({ tookMs }) => tookMs);
      return {
        value: counted.length / ((until - from) / 1000),
        p50Ms: percentile(took, 50),
        p99Ms: percentile(took, 99),
        slowestMs: Math.max(...answers.map(({ tookMs }) => tookMs)),
        refused: answers.filter(({ kind }) => kind === 'refused').length,
        failed: answers.filter(({ kind }) => kind === 'failed').length,
      };
    },
  };
}

/**
 * Keeps requests in flight for some seconds, after those of the warm-up.
 *
 * @param {InFlight & { seconds: number }} options
 * @returns {Promise<Sample>}
 */
export async function measureInFlight({ seconds, ...options }) {
  const flight = keepInFlight(options);
  await flight.warm;
  await setTimeout(seconds * 1000);
  return flight.stop();
}

/** @param {Answer | undefined} answer */
function judge(answer) {
  if (answer?.status === 200) return 'ok';
  return answer?.status === 503 && answer.headers['retry-after'] !== undefined ? 'refused' : 'failed';
}
