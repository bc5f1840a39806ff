import { setMaxListeners } from 'node:events';
import { Agent } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { type Answer, send } from '../../support/http-client.mjs';

/** Below the limit of the service, so that its hashers are tested and not its connections. */
const CONNECTIONS = 800;
const TICK_MS = 10;
/** How often an impatient client tries before it gives up. */
const IMPATIENT_TRIES = 5;

export interface Storm {
  readonly url: string;
  /** How many logins begin in a second, whether or not earlier ones are answered. */
  readonly perSecond: number;
  readonly seconds: number;
  /** Who logs in, by turns. */
  readonly credentials: (turn: number) => { email: string; password: string };
}

/**
 * Log in at a steady rate. Of the clients that are refused, half honour Retry-After, and half retry
 * at once, five times.
 */
export async function runStorm({ url, perSecond, seconds, credentials }: Storm) {
  // Only with a timeout of its own does Node's client respect the server's. Without one, it now and
  // then uses a connection just as the server closes it.
  const agent = new Agent({ keepAlive: true, timeout: 60_000, maxSockets: CONNECTIONS });
  /** How often each status was answered. */
  const statuses = new Map<number, number>();
  /** Errors, and answers that no overload excuses: one text for each. */
  const unexpected: string[] = [];
  const over = new AbortController();
  // Each waiting client adds a listener.
  setMaxListeners(0, over.signal);
  const clients: Promise<void>[] = [];

  const attempt = async (turn: number): Promise<Answer | undefined> => {
    try {
      const answer = await send(url, 'POST /sessions', { json: credentials(turn), agent });
      statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1);
      const problem = problemWith(answer);
      if (problem !== undefined) unexpected.push(problem);
      return answer;
    } catch (error) {
      unexpected.push((error as NodeJS.ErrnoException).code ?? String(error));
      return undefined;
    }
  };
  const insist = async (turn: number) => {
    const isPatient = turn % 2 === 0;
    for (let tries = 1; !over.signal.aborted; tries += 1) {
      const answer = await attempt(turn);
      if (answer?.status !== 503 && answer?.status !== 429) return;
      if (isPatient)
        await pause(Number(answer.headers['retry-after']) * 1000, undefined, { signal: over.signal }).catch(
          () => undefined,
        );
      else if (tries === IMPATIENT_TRIES) return;
    }
  };

  const startedAt = performance.now();
  await new Promise<void>((resolve) => {
    const timer = setInterval(() => {
      const elapsedMs = Math.min(performance.now() - startedAt, seconds * 1000);
      while (clients.length < (elapsedMs / 1000) * perSecond) clients.push(insist(clients.length));
      if (elapsedMs < seconds * 1000) return;
      clearInterval(timer);
      resolve();
    }, TICK_MS);
  });
  over.abort();
  await Promise.all(clients);
  agent.destroy();
  return { arrivals: clients.length, statuses, unexpected };
}

function problemWith({ status, code, headers }: Answer): string | undefined {
  const expected: Readonly<Record<number, unknown>> = {
    401: 'invalid_credentials',
    429: 'rate_limited',
    503: 'overloaded',
  };
  if (status === 200) return undefined;
  if (!(status in expected) || code !== expected[status]) return `${status} ${code}`;
  if (status !== 401 && !/^[1-9]\d*$/.test(headers['retry-after'] ?? ''))
    return `${status} without a proper Retry-After`;
  return undefined;
}
