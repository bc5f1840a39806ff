import { expectCheck, loadGenerator, measureChecks } from '../load/session-checks.mjs';
import { pairState, startMeasuredPair } from '../parties/measured-pair.mjs';
import { alternate } from '../rounds.mjs';
import { parties } from './scenario.mjs';

/** The difference is small, so many short rounds show it better than a few long ones. */
const leastRounds = 30;
const halves = /** @type {const} */ (['bare', 'measured']);

/** @type {import('./scenario.mjs').Scenario} */
export const metrics = {
  name: 'metrics',
  title: "What metrics cost: the server's processor time for a session check, 16 connections",
  needsNobodyElse: loadGenerator === 'wrk',
  run: async ({ folder, rounds, quick, seconds, start }) => {
    const { url } = await start(startMeasuredPair(folder));
    const { urls, cookie, email } = await pairState(url);
    for (const half of halves) await expectCheck(`${urls[half]}/profile`, cookie, email);

    /**
     * Loads both at the same time, because the cost of a request varies from one second to the next
     * by far more than what metrics add.
     *
     * @param {number} length
     */
    const loadBoth = async (length) => {
      const load = { cookies: [cookie], connections: 8, seconds: length };
      const samples = await Promise.all(halves.map((half) => measureChecks({ ...load, url: `${urls[half]}/profile` })));
      return samples.reduce((sum, { failed = 0 }) => sum + failed, 0);
    };
    await loadBoth(seconds(3));
    const row = { party: parties.authsvc, unit: 'µs/check', against: 'metrics/bare' };
    const contests = [
      {
        rows: [
          { ...row, id: 'metrics/bare', load: 'without metrics' },
          { ...row, id: 'metrics/measured', load: 'with metrics' },
        ],
        measure: async () => {
          const before = await pairState(url);
          const failed = await loadBoth(seconds(1));
          const { cpuMicroseconds, answered, took } = await pairState(url);
          const spent = cpuMicroseconds - before.cpuMicroseconds;
          const cost = took.measured - took.bare;
          const bare = (spent - cost * answered.measured) / (answered.bare + answered.measured);
          return [
            { value: bare, failed },
            { value: bare + cost, failed },
          ];
        },
      },
    ];
    return alternate(contests, quick ? rounds : Math.max(rounds, leastRounds));
  },
};
