import { expectCheck, measureChecks } from '../load/session-checks.mjs';
import { pairState, startMeasuredPair } from '../parties/measured-pair.mjs';
import { alternate } from '../rounds.mjs';
import { parties } from './scenario.mjs';

/** What is looked for is small, so that many short rounds tell more than a few long ones. */
const leastRounds = 15;
const halves = /** @type {const} */ (['bare', 'measured']);
const loads = { bare: 'without metrics', measured: 'with metrics' };

/** @type {import('./scenario.mjs').Scenario} */
export const metrics = {
  name: 'metrics',
  title: "What metrics cost: the server's processor time for a session check, 16 connections",
  run: async ({ folder, rounds, quick, seconds, start }) => {
    const { url } = await start(startMeasuredPair(folder));
    const { urls, cookie, email } = await pairState(url);
    const load = (/** @type {'bare' | 'measured'} */ half, /** @type {number} */ length) =>
      measureChecks({ url: `${urls[half]}/profile`, cookies: [cookie], connections: 16, seconds: length });
    for (const half of halves) {
      await expectCheck(`${urls[half]}/profile`, cookie, email);
      await load(half, seconds(3));
    }
    const contests = halves.map((half) => ({
      rows: [
        { id: `metrics/${half}`, load: loads[half], party: parties.authsvc, unit: 'µs/check', against: 'metrics/bare' },
      ],
      measure: async () => {
        const before = await pairState(url);
        const { failed = 0 } = await load(half, seconds(1));
        const after = await pairState(url);
        const answered = after.answered[half] - before.answered[half];
        return [{ value: (after.cpuMicroseconds - before.cpuMicroseconds) / answered, failed }];
      },
    }));
    return alternate(contests, quick ? rounds : Math.max(rounds, leastRounds));
  },
};
