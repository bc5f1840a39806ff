import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

/** @typedef {import('./session-checks.mjs').CheckLoad} CheckLoad */
/** @typedef {import('./session-checks.mjs').Count} Count */

const script = fileURLToPath(new URL('wrk-script.lua', import.meta.url));

/**
 * @param {CheckLoad & { cookieFile: string }} load
 * @returns {Promise<Count>}
 */
export async function runWrk({ url, connections, seconds, cookieFile }) {
  // One thread keeps one core busy; another would take the server's.
  const args = ['-t1', `-c${connections}`, `-d${seconds}s`, '--timeout', '10s', '-s', script, url];
  const { stdout } = await promisify(execFile)('wrk', args, {
    env: { PATH: process.env.PATH ?? '', BENCH_COOKIES: cookieFile },
  });
  const line = /^counted (.*)$/m.exec(stdout)?.[1];
  if (line === undefined) throw new Error(`wrk said nothing that can be read:\n${stdout}`);
  const { requests, refused, failed, microseconds, p50, p99 } = JSON.parse(line);
  return {
    ok: requests - refused,
    refused,
    failed,
    seconds: microseconds / 1e6,
    p50Ms: p50 / 1000,
    p99Ms: p99 / 1000,
  };
}
