import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { parseArgs, promisify } from 'node:util';
import { setUp } from '../../scripts/setup.mjs';
import { exitFailed } from '../../scripts/step.mjs';
import { median, percentile, rankDifference } from '../support/statistics.mjs';
import { mustPost, postForm, sendJson } from './load/post.mjs';
import { readOrExit, say } from './options.mjs';
import { authsvcDatabase, authsvcEnvironment, authsvcFile } from './parties/authsvc.mjs';
import { importOwnDependency } from './parties/own-dependency.mjs';
import { startParty } from './parties/party-process.mjs';

/** What is tried, by its endpoint, its page and the status of either. */
const attempts = /** @type {const} */ ({
  login: { method: 'POST', path: '/sessions', page: '/login', status: 401, pageStatus: 401 },
  registration: { method: 'POST', path: '/users', page: '/register', status: 200, pageStatus: 303 },
  reset: { method: 'POST', path: '/reset_password', page: '/reset', status: 200, pageStatus: 303 },
  verification: { method: 'POST', path: '/email_verification', page: '/verify', status: 200, pageStatus: 303 },
  proof: { method: 'PUT', path: '/email_verification', page: '/verify', status: 403, pageStatus: 403 },
});

/**
 * What is imported for each known email, beside its hash. An imported account is like one that was
 * made while no proof was required. A pending email has no account. A locked account is then locked
 * as by its owner's “not me”, and one with a browser logs in once.
 */
const holders = /** @type {const} */ ({
  known: { email_verified: true },
  imported: {},
  disabled: { email_verified: true, disabled_at: '2026-01-01T00:00:00Z' },
  pending: undefined,
  locked: { email_verified: true },
  'with-browser': { email_verified: true },
});
const PASSWORD = 'a password of no particular person';

const usage = `npm run bench:timing -- [options]

  Whether the time of a failed login tells if an email has an account: pairs of a known and an unknown email, one after the
  other over HTTP, each email once, so that no counter of guesses gets in the way. Addresses must be proven, so that a
  registration, a reset and a verification must tell no more.

  --of <what>    ${Object.keys(attempts).join(', ')} (login)
  --among <who>  ${Object.keys(holders).join(', ')} (known): whose the known emails are. A known account is verified, an
                 imported one is not; a pending email was registered, and not proven; a locked account was taken
                 back by “not me”; the owner of one with a browser has logged in once
  --page         by the page's form instead of by the endpoint
  --pairs <n>    how many (1000, which take two minutes on a machine that does nothing else)
  --help`;

/** In the words of the report. */
const names = {
  login: 'failed logins',
  registration: 'registrations',
  reset: 'requests for a reset',
  verification: 'requests for a verification mail',
  proof: 'refused proofs',
};

/** In standard deviations: what chance exceeds once in a hundred times. */
const TARGET_RANKS = 2.6;
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

const { pairs, byPage, what, holder } = readOrExit(readOptions, usage);
await setUp().catch(exitFailed);
const expected = byPage ? attempts[what].pageStatus : attempts[what].status;
const folder = mkdtempSync(join(tmpdir(), 'authsvc-timing-'));
process.once('SIGINT', () => process.exit(130));
process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
const env = {
  ...authsvcEnvironment(folder),
  AUTHSVC_BCRYPT_COST: String(BCRYPT_COST),
  AUTHSVC_MAIL_DIR: join(folder, 'mails'),
};
const service = await startParty('authsvc', [authsvcFile, 'serve'], { folder, env });
try {
  const known = holders[holder];
  const count = pairs + WARM_UP_PAIRS;
  if (known) await importAccounts(count, known);
  else await registerAll(count);
  if (holder === 'locked') await lockAll();
  if (holder === 'with-browser') await logInAll(count);
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

/**
 * @param {number} count
 * @param {object} fields of each line, beyond email and hash
 */
async function importAccounts(count, fields) {
  const { hash } = await importOwnDependency('core', 'bcrypt');
  const passwordHash = await hash(PASSWORD, BCRYPT_COST);
  const lines = Array.from({ length: count }, (_, index) =>
    JSON.stringify({ email: emailOf('known', index), password_hash: passwordHash, ...fields }),
  );
  const file = join(folder, 'accounts.jsonl');
  writeFileSync(file, lines.join('\n'), { mode: 0o600 });
  await promisify(execFile)(process.execPath, [authsvcFile, 'users', 'import', file], {
    env: { HOME: folder, PATH: process.env.PATH ?? '', ...env },
  });
}

/**
 * Has many addresses wait for their proof, and all of their mails sent.
 *
 * @param {number} count
 */
async function registerAll(count) {
  const { path } = attempts.registration;
  for (let index = 0; index < count; index += 1) {
    await mustPost(service.url + path, { email: emailOf('known', index), password: 'correct horse battery' });
  }
  while ((await readdir(env.AUTHSVC_MAIL_DIR).catch(() => [])).length < count) await wait(100);
}

/** Straight in the database: a thousand notices would take an hour of mails. */
async function lockAll() {
  const knex = await importOwnDependency('core', 'knex');
  const connection = { filename: authsvcDatabase(folder) };
  const database = knex({ client: 'sqlite3', connection, useNullAsDefault: true });
  await database('users').update({ locked_at: Date.now() });
  await database.destroy();
}

/** @param {number} count */
async function logInAll(count) {
  const { path } = attempts.login;
  for (let index = 0; index < count; index += 1) {
    await mustPost(service.url + path, { email: emailOf('known', index), password: PASSWORD });
  }
}

async function measure() {
  /** @type {{ known: number[], other: number[] }} */
  const times = { known: [], other: [] };
  for (let index = 0; index < pairs + WARM_UP_PAIRS; index += 1) {
    // They take turns at being first: work that one leaves behind would slow down the next.
    for (const who of turns[index % 2] ?? []) {
      const fields = fieldsFor(emailOf(who, index));
      const startedAt = performance.now();
      const { status, text } = await attempt(fields);
      const took = performance.now() - startedAt;
      if (status !== expected) throw new Error(`a ${what} was answered ${status} ${text}`);
      if (index >= WARM_UP_PAIRS) times[who].push(took);
    }
  }
  return times;
}

/** @param {string} email */
function fieldsFor(email) {
  const password = 'a wrong password';
  if (what === 'login' || what === 'registration') return { email, password };
  return what === 'proof' ? { email, verification_token: 'a4d19e2f-88f1-4bc4-89f7-7d39b98a3d44', password } : { email };
}

/** @param {Record<string, string>} fields */
function attempt(fields) {
  const { method, path, page } = attempts[what];
  return byPage ? postForm(service.url + page, fields) : sendJson(method, service.url + path, fields);
}

/** @param {{ known: number[], other: number[] }} times */
function report({ known, other }) {
  const milliseconds = (/** @type {number} */ value) => `${value.toFixed(2)} ms`.padStart(12);
  const line = (/** @type {string} */ what, /** @type {readonly number[]} */ values) =>
    [what.padEnd(14), ...[50, 25, 75].map((percent) => milliseconds(percentile(values, percent)))].join('');
  const difference = median(known) - median(other);
  const ranks = rankDifference(known, other);
  const verdictOn = (/** @type {number} */ value, /** @type {number} */ limit) => {
    const isMet = Math.abs(value) < limit;
    if (!isMet) process.exitCode = 1;
    return isMet ? 'met' : 'missed';
  };
  say(
    `\n${pairs} pairs of ${names[what]} ${byPage ? 'by page ' : ''}at bcrypt cost ${BCRYPT_COST}, Node ${process.version}`,
  );
  say(`${' '.repeat(14)}${['median', 'p25', 'p75'].map((name) => name.padStart(12)).join('')}`);
  say(line(`${holder} email`, known));
  say(line('unknown email', other));
  say(`each group's ranks from its own: ${ownRanks(known)} and ${ownRanks(other)}`);
  const ranksVerdict = verdictOn(ranks, TARGET_RANKS);
  say(`ranks of ${holder} from unknown: ${deviations(ranks)}; target under ${TARGET_RANKS}: ${ranksVerdict}`);
  const verdict = verdictOn(difference, TARGET_MS);
  say(`difference of the medians ${difference.toFixed(3)} ms; target under ${TARGET_MS} ms: ${verdict}`);
}

/** @param {readonly number[]} group split in two, in which chance alone makes a difference */
function ownRanks(group) {
  const half = (/** @type {number} */ rest) => group.filter((_value, index) => index % 2 === rest);
  return deviations(rankDifference(half(0), half(1)));
}

/** @param {number} value */
function deviations(value) {
  return `${Math.abs(value).toFixed(2)} standard deviations`;
}

function readOptions() {
  const { values } = parseArgs({
    options: {
      of: { type: 'string', default: 'login' },
      among: { type: 'string', default: 'known' },
      page: { type: 'boolean', default: false },
      pairs: { type: 'string' },
      help: { type: 'boolean' },
    },
  });
  const count = Number(values.pairs ?? 1000);
  if (!Number.isInteger(count) || count < 1) throw new Error('--pairs takes a whole number from 1 on');
  if (!Object.hasOwn(attempts, values.of)) throw new Error(`--of takes one of ${Object.keys(attempts).join(', ')}`);
  const what = /** @type {keyof typeof attempts} */ (values.of);
  if (!Object.hasOwn(holders, values.among)) throw new Error(`--among takes one of ${Object.keys(holders).join(', ')}`);
  const holder = /** @type {keyof typeof holders} */ (values.among);
  if (!values.help) return { pairs: count, byPage: values.page, what, holder };
  say(usage);
  process.exit(0);
}
