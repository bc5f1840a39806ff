import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { startPrivateKeyring } from './private-keyring.mjs';
import { root } from './root.mjs';
import { setUp } from './setup.mjs';
import { exitFailed } from './step.mjs';

/** @typedef {{ name: string, args: string[], env: NodeJS.ProcessEnv, limit?: number, times: number[] }} Contestant */

const rounds = Number(process.argv[2] ?? 40);
const authsvc = join(root, 'packages', 'cli', 'bin', 'authsvc.js');
const credentials = ['--email', 'ada@example.com', '--password-stdin'];
const password = 'correct horse battery';

await setUp().catch(exitFailed);
const home = mkdtempSync(join(tmpdir(), 'authsvc-start-up-'));
try {
  await measure();
} finally {
  rmSync(home, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
}

/** Times each command in turn, round after round, so that whatever else the machine does falls on all of them alike. */
async function measure() {
  const keyring = await startPrivateKeyring(home);
  const daemon = await startDaemon();
  try {
    const contestants = makeContestants(daemon.url, keyring?.env);
    for (let round = 0; round <= rounds; round += 1) {
      for (const one of contestants) {
        const milliseconds = time(one);
        // The first round warms the disk cache.
        if (round > 0) one.times.push(milliseconds);
      }
    }
    report(contestants);
    if (!keyring) console.log('\nThe keychain was left out: dbus and gnome-keyring are not installed.');
  } finally {
    await daemon.end();
    await keyring?.end();
  }
}

/**
 * @param {string} url
 * @param {Record<string, string> | undefined} keyringEnv
 * @returns {Contestant[]}
 */
function makeContestants(url, keyringEnv) {
  const env = { PATH: process.env.PATH, HOME: home, AUTHSVC_URL: url };
  const inFile = { ...env, AUTHSVC_STORAGE: 'file', XDG_STATE_HOME: join(home, 'file') };
  const inKeychain = { ...env, ...keyringEnv, AUTHSVC_STORAGE: 'keychain', XDG_STATE_HOME: join(home, 'keychain') };
  runOnce(['register', ...credentials], env);
  runOnce(['login', ...credentials], inFile);
  if (keyringEnv) runOnce(['login', ...credentials], inKeychain);
  return [
    { name: 'node -e 0', args: ['-e', '0'], env, times: [] },
    { name: 'authsvc --version', args: [authsvc, '--version'], env, limit: 1.6, times: [] },
    { name: 'authsvc --help', args: [authsvc, '--help'], env, limit: 1.8, times: [] },
    { name: 'authsvc profile, from a file', args: [authsvc, 'profile'], env: inFile, limit: 3, times: [] },
    ...(keyringEnv
      ? [
          {
            name: 'authsvc profile, from the keychain',
            args: [authsvc, 'profile'],
            env: inKeychain,
            limit: 3,
            times: [],
          },
        ]
      : []),
  ];
}

/**
 * @param {readonly string[]} args
 * @param {NodeJS.ProcessEnv} env
 */
function runOnce(args, env) {
  const { status, stderr } = spawnSync(process.execPath, [authsvc, ...args], { env, input: password });
  if (status !== 0) throw new Error(`authsvc ${args[0]} ended with ${status}: ${stderr}`);
}

/** @param {Contestant} contestant */
function time({ name, args, env }) {
  const started = performance.now();
  const { status, stderr } = spawnSync(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const milliseconds = performance.now() - started;
  if (status !== 0) throw new Error(`${name} ended with ${status}: ${stderr}`);
  return milliseconds;
}

/** @param {readonly Contestant[]} contestants */
function report(contestants) {
  const [bare] = contestants;
  const base = median(bare?.times ?? []);
  console.log(`\nMedians of ${rounds} rounds, Node ${process.versions.node}:\n`);
  for (const { name, times, limit } of contestants) {
    const ratio = median(times) / base;
    const verdict = limit === undefined ? '' : `  ${ratio <= limit ? '✓' : '✗'} at most ${limit.toFixed(1)} ×`;
    console.log(
      `${name.padEnd(36)} ${median(times).toFixed(0).padStart(5)} ms  ${ratio.toFixed(2).padStart(5)} ×${verdict}`,
    );
    if (limit !== undefined && ratio > limit) process.exitCode = 1;
  }
}

/** @param {readonly number[]} values */
function median(values) {
  const sorted = [...values].sort((one, other) => one - other);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

/** @returns {Promise<{ url: string, end: () => Promise<void> }>} */
async function startDaemon() {
  const env = {
    PATH: process.env.PATH,
    HOME: home,
    AUTHSVC_DATA_DIR: join(home, 'data'),
    AUTHSVC_LISTEN_PORT: '0',
    AUTHSVC_BCRYPT_COST: '10',
  };
  const child = spawn(process.execPath, [authsvc, 'serve'], { env, stdio: ['ignore', 'pipe', 'ignore'] });
  const gone = new Promise((resolve) => child.once('exit', resolve));
  const url = await new Promise((resolve, reject) => {
    createInterface({ input: child.stdout }).once('line', (line) => resolve(line.split(' ').at(-1)));
    child.once('exit', (status) => reject(new Error(`the daemon ended with ${status}`)));
  });
  return {
    url,
    end: async () => {
      child.kill();
      await gone;
    },
  };
}
