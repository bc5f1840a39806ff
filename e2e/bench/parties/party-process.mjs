import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/**
 * A server in a process of its own.
 *
 * @typedef {object} Party
 * @property {string} url
 * @property {number} pid
 * @property {() => Promise<void>} stop asks it to end, and waits until it has
 */

/**
 * Starts a server and waits until it says where it listens.
 *
 * @param {string} name
 * @param {readonly string[]} args of node
 * @param {{ folder: string, env?: Record<string, string> }} options its home, where its log goes,
 * and what it finds in its environment
 * @returns {Promise<Party>}
 * @throws {Error} when it ends before, with its log
 */
export async function startParty(name, args, { folder, env = {} }) {
  const logFile = join(folder, `${name}.log`);
  const log = openSync(logFile, 'a', 0o600);
  const child = spawn(process.execPath, args, {
    env: { HOME: folder, PATH: process.env.PATH ?? '', LANG: 'C.UTF-8', ...env },
    stdio: ['ignore', 'pipe', log],
  });
  closeSync(log);
  // However this program ends, it leaves no process behind.
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);
  /** @type {Promise<void>} */
  const ended = new Promise((resolve) => child.once('close', () => resolve()));
  child.once('close', () => process.off('exit', kill));
  /** @type {Promise<string>} */
  const listening = new Promise((resolve) => {
    const lines = createInterface({ input: /** @type {import('node:stream').Readable} */ (child.stdout) });
    lines.on('line', (line) => {
      const url = /listening on (http:\/\/\S+)/.exec(line)?.[1];
      if (url) resolve(url);
    });
  });
  const url = await Promise.race([listening, ended]);
  if (!url || child.pid === undefined) {
    throw new Error(`${name} ended before it listened:\n${readFileSync(logFile, 'utf8')}`);
  }
  return {
    url,
    pid: child.pid,
    stop: () => {
      child.kill('SIGTERM');
      return ended;
    },
  };
}
