import { availableParallelism } from 'node:os';
import { setInterval as every } from 'node:timers/promises';
import type { Daemon } from '../../support/daemon.ts';
import { send } from '../../support/http-client.mjs';
import { median } from '../../support/statistics.mjs';
import type { Row } from '../row.ts';
import { cannotRun, judge } from '../run-row.ts';
import { importAccounts, openSession, password } from './accounts.ts';
import { residentMb, tellsHoldings } from './figures.ts';
import { runStorm } from './run-storm.ts';
import { servedWithin, startSteadyLoad } from './steady-load.ts';

const ACCOUNTS = 200;
const GUESSED_ACCOUNTS = 10;
const TIMES_CAPACITY = 10;
/** How long the storm lasts before it counts, as a fraction of the time that counts. */
const WARM_UP = 0.5;
const SAMPLE_MS = 250;
const SAMPLES_AFTER = 8;

export const loginStormRow: Row<'seconds' | 'cost' | 'profile-p99' | 'memory-growth'> = {
  name: 'login-storm',
  fault: 'Login storm',
  dialects: ['sqlite'],
  // Seconds, milliseconds and per cent; those of the small run leave room for a machine that is
  // busy, and a service that has just started.
  sizes: {
    small: { seconds: 3, cost: 10, 'profile-p99': 5000, 'memory-growth': 60 },
    full: { seconds: 60, cost: 12, 'profile-p99': 100, 'memory-growth': 10 },
  },
  async run({ size, serve, log }) {
    if (!(await tellsHoldings())) return cannotRun('this system has no /proc, which tells what the service holds');
    const daemon = await serve({ AUTHSVC_BCRYPT_COST: String(size.cost) });
    const session = await openSession(daemon.url, 'ada@example.com');
    await importAccounts(
      daemon,
      Array.from({ length: ACCOUNTS }, (_, index) => emailOf(index)),
    );
    const capacity = await measureCapacity(daemon, Math.min(5, size.seconds));
    log(`${capacity.toFixed(1)} logins/s are hashed`);

    const load = { url: daemon.url, perSecond: TIMES_CAPACITY * capacity, credentials };
    // Not counted: the heap of a service that has just started still grows, under any load.
    await runStorm({ ...load, seconds: size.seconds * WARM_UP });
    const others = startSteadyLoad(20, () => send(daemon.url, 'GET /profile', { session }));
    const memory = sampleMemory(daemon.pid);
    const storm = await runStorm({ ...load, seconds: size.seconds });
    const during = await memory.stop();
    const profile = await others.stop();
    const after = await memoryAtRest(daemon.pid);

    const quarter = Math.ceil(during.length / 4);
    const early = median(during.slice(quarter, 2 * quarter));
    const late = median(during.slice(-quarter));
    const most = early * (1 + size['memory-growth'] / 100);
    const statuses = [...storm.statuses].sort().map(([status, count]) => `${count} × ${status}`);
    return judge(
      `logins at ${TIMES_CAPACITY} times what is hashed (${capacity.toFixed(1)}/s at cost ${size.cost}), for ${size.seconds} s, after ${size.seconds * WARM_UP} s of the same`,
      storm.arrivals,
      `${statuses.join(', ')}; /profile p99 ${profile.p99Ms.toFixed(0)} ms of ${profile.sent}; ` +
        `${early.toFixed(0)} MB early, ${late.toFixed(0)} late, ${Math.max(...during).toFixed(0)} at most, ${after.toFixed(0)} after`,
      [
        storm.unexpected.length > 0 && `answered ${storm.unexpected.length} times: ${[...new Set(storm.unexpected)]}`,
        !(late <= most) && `memory grew from ${early.toFixed(0)} to ${late.toFixed(0)} MB`,
        !(after <= most) && `${after.toFixed(0)} MB are kept after it`,
        ...servedWithin(profile, size['profile-p99']),
      ],
    );
  },
};

function emailOf(index: number): string {
  return `user-${index}@example.com`;
}

/** Most know their password, some have mistyped the email, and a guesser tries a few. */
function credentials(turn: number): { email: string; password: string } {
  switch (turn % 8) {
    case 5:
      return { email: `nobody-${turn}@example.com`, password };
    case 6:
    case 7:
      return { email: emailOf(turn % GUESSED_ACCOUNTS), password: `guess number ${turn}` };
    default:
      return { email: emailOf(GUESSED_ACCOUNTS + (turn % (ACCOUNTS - GUESSED_ACCOUNTS))), password };
  }
}

/** How many logins a second succeed if there are always enough of them, but never too many. */
async function measureCapacity({ url }: Daemon, seconds: number): Promise<number> {
  const startedAt = performance.now();
  let done = 0;
  const logInOnAndOn = async (client: number) => {
    while (performance.now() - startedAt < seconds * 1000) {
      const json = { email: emailOf(GUESSED_ACCOUNTS + client), password };
      const { status } = await send(url, 'POST /sessions', { json });
      if (status === 200) done += 1;
    }
  };
  await Promise.all(Array.from({ length: 2 * availableParallelism() }, (_, client) => logInOnAndOn(client)));
  return done / ((performance.now() - startedAt) / 1000);
}

function sampleMemory(pid: number): { stop(): Promise<number[]> } {
  const stopping = new AbortController();
  const sample = async () => {
    const samples = [await residentMb(pid)];
    try {
      for await (const _ of every(SAMPLE_MS, undefined, { signal: stopping.signal }))
        samples.push(await residentMb(pid));
    } catch (error) {
      if (!stopping.signal.aborted) throw error;
    }
    return samples;
  };
  const sampling = sample();
  return {
    stop: () => {
      stopping.abort();
      return sampling;
    },
  };
}

async function memoryAtRest(pid: number): Promise<number> {
  const samples: number[] = [];
  for await (const _ of every(SAMPLE_MS)) {
    samples.push(await residentMb(pid));
    if (samples.length === SAMPLES_AFTER) break;
  }
  return median(samples);
}
