import { createServer } from 'node:http';
import { fileURLToPath } from 'node:url';
import { importBuilt } from './own-dependency.mjs';
import { startParty } from './party-process.mjs';

/** @typedef {import('./party-process.mjs').Party} Party */
/** @typedef {'measured' | 'bare'} Half */

/**
 * What the pair says of itself.
 *
 * @typedef {object} PairState
 * @property {Record<Half, string>} urls
 * @property {Record<Half, number>} answered requests since it was last asked
 * @property {Record<Half, number>} took microseconds from a request's event until the last byte of
 * its answer is handed to the system, without interruption: the mean of the middle half of the
 * requests since it was last asked
 * @property {number} cpuMicroseconds processor time of the process so far
 * @property {string} cookie of an open session
 * @property {string} email whose it is
 */

const file = fileURLToPath(import.meta.url);

/**
 * Starts the service twice in one process, once with its metrics and once without, over the same
 * database and sessions: so both run the same compiled code, in the same memory, and differ in
 * nothing else.
 *
 * @param {string} folder
 * @returns {Promise<Party>} its URL answers with {@link PairState}
 */
export function startMeasuredPair(folder) {
  return startParty('measured-pair', [file, 'serve'], { folder });
}

/**
 * @param {string} url
 * @returns {Promise<PairState>}
 */
export async function pairState(url) {
  return /** @type {any} */ (await (await fetch(url)).json());
}

if (process.argv[1] === file && process.argv[2] === 'serve') await serve();

async function serve() {
  /** @type {typeof import('../../../packages/core/dist/index.js')} */
  const { systemClock } = await importBuilt('core', 'index.js');
  /** @type {typeof import('../../../packages/core/dist/testing/index.js')} */
  const { createTestAuth } = await importBuilt('core', 'testing/index.js');
  /** @type {typeof import('../../../packages/server/dist/index.js')} */
  const { buildServer } = await importBuilt('server', 'index.js');
  /** @type {typeof import('../../../packages/server/dist/metrics/measurements.js')} */
  const { createMeasurements } = await importBuilt('server', 'metrics/measurements.js');
  /** @type {typeof import('../../../packages/server/dist/log/log.js')} */
  const { createLog } = await importBuilt('server', 'log/log.js');
  /** @type {typeof import('../../../packages/server/dist/settle-next-tick.js')} */
  const { settleNextTick } = await importBuilt('server', 'settle-next-tick.js');
  settleNextTick();
  const ports = { ...(await createTestAuth()), clock: systemClock };
  const options = { log: createLog('info', process.stderr, systemClock) };
  const halves = {
    measured: buildServer(ports, { ...options, measurements: createMeasurements() }),
    bare: buildServer(ports, options),
  };

  // Before a server listens, it accepts requests to localhost without a port.
  const email = 'owner@example.com';
  const payload = { email, password: 'a password of no particular person' };
  await halves.bare.inject({ method: 'POST', url: '/users', payload });
  const login = await halves.bare.inject({ method: 'POST', url: '/sessions', payload });
  const cookie = String(login.headers['set-cookie']).split(';', 1)[0];

  const urls = { measured: '', bare: '' };
  /** @type {Record<Half, number[]>} */
  const times = { measured: [], bare: [] };
  for (const half of /** @type {const} */ (['measured', 'bare'])) {
    urls[half] = await halves[half].listen({ host: '127.0.0.1', port: 0 });
    const { server } = halves[half];
    const listeners = server.listeners('request');
    server.removeAllListeners('request');
    server.on('request', (/** @type {unknown} */ request, /** @type {unknown} */ response) => {
      const startedAt = performance.now();
      for (const listener of listeners) listener(request, response);
      times[half].push(1000 * (performance.now() - startedAt));
    });
  }

  const teller = createServer((_request, response) => {
    const { user, system } = process.cpuUsage();
    const { bare, measured } = times;
    const answered = { bare: bare.length, measured: measured.length };
    const took = { bare: midmean(bare), measured: midmean(measured) };
    bare.length = 0;
    measured.length = 0;
    response.end(JSON.stringify({ urls, answered, took, cpuMicroseconds: user + system, cookie, email }));
  });
  teller.listen(0, '127.0.0.1', () => {
    const { port } = /** @type {import('node:net').AddressInfo} */ (teller.address());
    process.stdout.write(`listening on http://127.0.0.1:${port}\n`);
  });
  process.once('SIGTERM', async () => {
    await ports.close();
    process.exit(0);
  });
}

/** @param {readonly number[]} values */
function midmean(values) {
  const quarter = Math.floor(values.length / 4);
  const middle = values.toSorted((a, b) => a - b).slice(quarter, values.length - quarter);
  return middle.reduce((sum, value) => sum + value, 0) / Math.max(1, middle.length);
}
