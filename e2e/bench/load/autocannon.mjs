import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { importInstalled } from '../parties/installed.mjs';

/** @typedef {import('./session-checks.mjs').CheckLoad} CheckLoad */
/** @typedef {import('./session-checks.mjs').Count} Count */

const file = fileURLToPath(import.meta.url);

/**
 * Runs autocannon in a process of its own.
 *
 * @param {CheckLoad & { cookieFile: string }} load
 * @returns {Promise<Count>}
 */
export async function runAutocannon({ url, connections, seconds, cookieFile }) {
  const child = fork(file, ['run'], { stdio: 'inherit' });
  child.send({ url, connections, seconds, cookieFile });
  const [count] = await once(child, 'message');
  return count;
}

if (process.argv[1] === file && process.argv[2] === 'run') process.once('message', cannonade);

/** @param {{ url: string, connections: number, seconds: number, cookieFile: string }} load */
async function cannonade({ url, connections, seconds, cookieFile }) {
  const { default: autocannon } = await importInstalled('autocannon');
  const cookies = readFileSync(cookieFile, 'utf8').split('\n');
  let last = -1;
  const setupRequest = (/** @type {object} */ request) => {
    last = (last + 1) % cookies.length;
    return { ...request, headers: { cookie: cookies[last] } };
  };
  const job =
    cookies.length === 1 ? { headers: { cookie: cookies[0] } } : { requests: [{ method: 'GET', setupRequest }] };
  const result = await autocannon({ url, connections, duration: seconds, ...job });
  const answered = result['1xx'] + result['2xx'] + result['3xx'] + result['4xx'] + result['5xx'];
  const ok = result.statusCodeStats?.['200']?.count ?? 0;
  const count = {
    ok,
    refused: answered - ok,
    failed: result.errors + result.timeouts,
    seconds: result.duration,
    p50Ms: result.latency.p50,
    p99Ms: result.latency.p99,
  };
  process.send?.(count, () => process.exit());
}
