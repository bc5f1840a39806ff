import { median } from '../../support/statistics.mjs';
import { startAuthsvc } from '../parties/authsvc.mjs';
import { alternate, contest } from '../rounds.mjs';
import { bareNode } from './run-times.mjs';
import { parties } from './scenario.mjs';

/** @type {import('./scenario.mjs').Scenario} */
export const startUp = {
  name: 'start-up',
  title: 'From start to ready, with an existing database',
  needsNobodyElse: true,
  run: async ({ folder, rounds, quick, start }) => {
    const runs = quick ? 2 : 5;
    const first = await start(startAuthsvc(folder));
    await first.stop();
    const against = 'start-up/bare-node';
    const row = { id: 'start-up/authsvc', load: 'serve', party: parties.authsvc, unit: 'ms', against };
    const startOften = async () => {
      /** @type {number[]} */
      const times = [];
      for (let run = 0; run < runs; run += 1) {
        const startedAt = performance.now();
        const service = await start(startAuthsvc(folder));
        times.push(performance.now() - startedAt);
        await service.stop();
      }
      return { value: median(times) };
    };
    return alternate([bareNode(against, runs), contest(row, startOften)], rounds);
  },
};
