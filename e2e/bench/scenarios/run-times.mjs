import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { median } from '../../support/statistics.mjs';
import { contest } from '../rounds.mjs';
import { parties } from './scenario.mjs';

/**
 * Runs a program to its end a few times.
 *
 * @param {number} runs
 * @param {readonly string[]} args of node
 * @param {Record<string, string>} [env]
 * @returns {Promise<import('../rounds.mjs').Sample>} milliseconds
 * @throws {Error} when it does not end with status 0
 */
export async function measureRun(runs, args, env = {}) {
  /** @type {number[]} */
  const times = [];
  for (let run = 0; run < runs; run += 1) {
    const startedAt = performance.now();
    const child = spawn(process.execPath, args, { env: { PATH: process.env.PATH ?? '', ...env }, stdio: 'ignore' });
    const [status] = await once(child, 'exit');
    if (status !== 0) throw new Error(`node ${args.join(' ')} ended with status ${status}`);
    times.push(performance.now() - startedAt);
  }
  return { value: median(times) };
}

/**
 * What Node itself takes to start and end.
 *
 * @param {string} id
 * @param {number} runs
 * @returns {import('../rounds.mjs').Contest}
 */
export function bareNode(id, runs) {
  const row = { id, load: 'node -e 0', party: parties.bareNode, unit: 'ms' };
  return contest(row, () => measureRun(runs, ['-e', '0']));
}
