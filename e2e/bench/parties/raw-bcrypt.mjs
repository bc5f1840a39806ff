import { fork } from 'node:child_process';
import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { importOwnDependency } from './own-dependency.mjs';

const file = fileURLToPath(import.meta.url);
const warmUpSeconds = 1;

/**
 * Compares passwords on every core and does nothing else: what the machine allows.
 *
 * @param {string} hash
 * @param {number} seconds
 * @returns {Promise<number>} comparisons a second
 */
export async function measureRawBcrypt(hash, seconds) {
  const child = fork(file, ['run'], { stdio: 'inherit' });
  child.send({ hash, seconds });
  const [rate] = await once(child, 'message');
  return rate;
}

if (!isMainThread && workerData?.hash) await compareForEver(workerData.hash);
else if (isMainThread && process.argv[1] === file && process.argv[2] === 'run') process.once('message', measure);

/** @param {{ hash: string, seconds: number }} job */
async function measure({ hash, seconds }) {
  /** @type {number[]} */
  const finished = [];
  const workers = Array.from({ length: availableParallelism() }, () => new Worker(file, { workerData: { hash } }));
  for (const worker of workers) worker.on('message', () => finished.push(performance.now()));
  await Promise.all(workers.map((worker) => once(worker, 'message')));
  const from = performance.now() + warmUpSeconds * 1000;
  const until = from + seconds * 1000;
  setTimeout(() => {
    const inTime = finished.filter((at) => at >= from && at < until);
    process.send?.(inTime.length / seconds, () => process.exit());
  }, until - performance.now());
}

/** @param {string} hash */
async function compareForEver(hash) {
  const { compareSync } = await importOwnDependency('core', 'bcrypt');
  for (;;) {
    compareSync('not the password', hash);
    parentPort?.postMessage('compared');
  }
}
