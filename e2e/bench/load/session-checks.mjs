import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runAutocannon } from './autocannon.mjs';
import { runWrk } from './wrk.mjs';

/** @typedef {import('../rounds.mjs').Sample} Sample */

/**
 * @typedef {object} CheckLoad
 * @property {string} url what is asked for
 * @property {readonly string[]} cookies sent in turn, one a request
 * @property {number} connections
 * @property {number} seconds
 */

/**
 * What a load generator has counted.
 *
 * @typedef {object} Count
 * @property {number} ok answers of 200
 * @property {number} refused other answers
 * @property {number} failed requests without an answer
 * @property {number} seconds
 * @property {number} p50Ms
 * @property {number} p99Ms
 */

const hasWrk = spawnSync('wrk', ['--version'], { stdio: 'ignore' }).error === undefined;

/** The load generator of this machine. */
export const loadGenerator = hasWrk ? 'wrk' : 'autocannon';

/**
 * Asks for the owners of sessions as fast as the server answers. Only answers of 200 are counted.
 *
 * @param {CheckLoad} load
 * @returns {Promise<Sample>} answers a second
 */
export async function measureChecks(load) {
  const folder = mkdtempSync(join(tmpdir(), 'authsvc-bench-'));
  try {
    // Passed in a file, since every user of the machine can read command lines.
    const cookieFile = join(folder, 'cookies');
    writeFileSync(cookieFile, load.cookies.join('\n'), { mode: 0o600 });
    const count = await (hasWrk ? runWrk : runAutocannon)({ ...load, cookieFile });
    const { ok, refused, failed, seconds, p50Ms, p99Ms } = count;
    return { value: ok / seconds, p50Ms, p99Ms, failed: refused + failed };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/**
 * Looks at one answer, so that a fast wrong one is not taken for a good one.
 *
 * @param {string} url
 * @param {string} cookie
 * @param {string} email that the answer must name
 * @throws {Error} when it does not
 */
export async function expectCheck(url, cookie, email) {
  const answer = await fetch(url, { headers: { cookie } });
  const body = await answer.text();
  if (answer.status !== 200 || !body.includes(JSON.stringify(email))) {
    throw new Error(`${url} answered ${answer.status} ${body} to the session of ${email}`);
  }
}
