import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { setUp } from '../../scripts/setup.mjs';
import { exitFailed } from '../../scripts/step.mjs';
import { median, percentile } from '../support/statistics.mjs';
import { post } from './load/post.mjs';
import { readOrExit, say } from './options.mjs';
import { authsvcEnvironment, authsvcFile } from './parties/authsvc.mjs';
import { importOwnDependency } from './parties/own-dependency.mjs';
import { startParty } from './parties/party-process.mjs';

const usage = `npm run bench:timing -- [options]

  Whether the time of a failed login tells if an email has an account: pairs of a known and an unknown email, one after the
  other over HTTP, each email once, so that no counter of guesses gets in the way.

  --pairs <n>   how many (1000, which take two minutes on a machine that does nothing else)
  --help`;

/** By how much the medians may differ, in milliseconds. */
const TARGET_MS = 1;
/** The lowest that the service allows: the cheaper the hash, the more any difference shows. */
const BCRYPT_COST = 10;
/** Left out of the figures: connections, caches and compiled code are warm after them. */
const WARM_UP_PAIRS = 10;

/** @type {readonly (readonly ('known' | 'other')[])[]} */
const turns = [
  ['known', 'other'],
  ['other', 'known'],
];

const pairs = readOrExit(readPairs, usage);
await setUp().catch(exitFailed);
const folder = mkdtempSync(join(tmpdir(), 'authsvc-timing-'));
process.once('SIGINT', () => process.exit(130));
process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
const env = { ...authsvcEnvironment(folder), AUTHSVC_BCRYPT_COST: String(BCRYPT_COST) };
const service = await startParty('authsvc', [authsvcFile, 'serve'], { folder, env });
try {
  await importAccounts(pairs + WARM_UP_PAIRS);
  report(await measure());
} finally {
  await service.stop();
}

/**
 * An address of the same length for each.
 *
 * @param {'known' | 'other'} who
 * @param {number} index
 */
function emailOf(who, index) {
  return `${who}-${String(index).padStart(7, '0')}@example.com`;
}

/** @param {number} count */
async function importAccounts(count) {
  const { hash } = await importOwnDependency('core', 'bcrypt');
  const passwordHash = await hash('a password of no particular person', BCRYPT_COST);
  const lines = Array.from({ length: count }, (_, index) =>
    JSON.stringify({ email: emailOf('known', index), password_hash: passwordHash }),
  );
  const file = join(folder, 'accounts.jsonl');
  writeFileSync(file, lines.join('\n'), { mode: 0o600 });
  await promisify(execFile)(process.execPath, [authsvcFile, 'users', 'import', file], {
    env: { HOME: folder, PATH: process.env.PATH ?? '', ...env },
  });
}

async function measure() {
  /** @type {{ known: number[], other: number[] }} */
  const times = { known: [], other: [] };
  for (let index = 0; index < pairs + WARM_UP_PAIRS; index += 1) {
    // They take turns at being first: work that one leaves behind would slow down the next.
    for (const who of turns[index % 2] ?? []) {
      const credentials = { email: emailOf(who, index), password: 'a wrong password' };
      const startedAt = performance.now();
      const { status, text } = await post(`${service.url}/sessions`, credentials);
      const took = performance.now() - startedAt;
      if (status !== 401) throw new Error(`a failed login was answered ${status} ${text}`);
      if (index >= WARM_UP_PAIRS) times[who].push(took);
    }
  }
  return times;
}

/** @param {{ known: number[], other: number[] }} times */
function report({ known, other }) {
  const milliseconds = (/** @type {number} */ value) => `${value.toFixed(2)} ms`.padStart(12);
  const line = (/** @type {string} */ what, /** @type {readonly number[]} */ values) =>
    [what.padEnd(14), ...[50, 25, 75].map((percent) => milliseconds(percentile(values, percent)))].join('');
  const difference = median(known) - median(other);
  const verdict = Math.abs(difference) < TARGET_MS ? 'met' : 'missed';
  say(`\n${pairs} pairs of failed logins at bcrypt cost ${BCRYPT_COST}, Node ${process.version}`);
  say(`${' '.repeat(14)}${['median', 'p25', 'p75'].map((name) => name.padStart(12)).join('')}`);
  say(line('known email', known));
  say(line('unknown email', other));
  say(`difference of the medians ${difference.toFixed(3)} ms; target under ${TARGET_MS} ms: ${verdict}`);
  if (verdict === 'missed') process.exitCode = 1;
}

function readPairs() {
  const { values } = parseArgs({ options: { pairs: { type: 'string' }, help: { type: 'boolean' } } });
  const count = Number(values.pairs ?? 1000);
  if (!Number.isInteger(count) || count < 1) throw new Error('--pairs takes a whole number from 1 on');
  if (!values.help) return count;
  say(usage);
  process.exit(0);
}
