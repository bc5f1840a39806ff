import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { median, ratio } from '../support/statistics.mjs';
import { keepInFlight, measureInFlight } from './load/in-flight.mjs';
import { mustPost, post } from './load/post.mjs';
import { expectCheck, measureChecks } from './load/session-checks.mjs';
import { say } from './options.mjs';
import { root } from './parties/own-dependency.mjs';
import { startParty } from './parties/party-process.mjs';
import { rotated } from './rounds.mjs';

/** @typedef {{ url: string, cookie: string, stop: () => Promise<void> }} Side */

const usage = `npm run bench:against -- <folder of another built checkout> [--rounds <n>] [--seconds <n>]

Measures this build against another, and the other against itself, side by side in one run. A change is real where
the ratio to the other build is further from 1 than the ratio of that build to itself.`;
const password = 'a password of no particular person';
const people = 16;
/** Every measurement: its name, and what it gives a second. */
const measures = {
  'GET /profile, 16 connections': (/** @type {Side} */ side, /** @type {number} */ seconds) => check(side, 16, seconds),
  'GET /whoami, 16 connections': (/** @type {Side} */ side, /** @type {number} */ seconds) =>
    check(side, 16, seconds, '/whoami'),
  'logins, 4 in flight': async (/** @type {Side} */ { url }, /** @type {number} */ seconds) =>
    (await measureInFlight({ clients: 4, seconds, send: (client) => logIn(url, client) })).value,
  'GET /profile while 16 log in': async (/** @type {Side} */ side, /** @type {number} */ seconds) => {
    const storm = keepInFlight({ clients: 16, send: (client) => logIn(side.url, client) });
    await storm.warm;
    const value = await check(side, 4, seconds);
    await storm.stop();
    return value;
  },
};

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { rounds: { type: 'string', default: '7' }, seconds: { type: 'string', default: '4' } },
});
const [folder] = positionals;
if (folder === undefined) {
  process.stderr.write(`${usage}\n`);
  process.exit(2);
}
await compare(resolve(folder), Number(values.rounds), Number(values.seconds));

/**
 * @param {string} other
 * @param {number} rounds
 * @param {number} seconds
 */
async function compare(other, rounds, seconds) {
  const home = mkdtempSync(join(tmpdir(), 'authsvc-against-'));
  process.once('exit', () => rmSync(home, { recursive: true, force: true }));
  const checkouts = { other, 'other again': other, this: root };
  for (const [name, checkout] of Object.entries(checkouts)) say(`${name}: ${commitOf(checkout)}`);
  const sides = new Map();
  for (const [name, checkout] of Object.entries(checkouts)) sides.set(name, await start(checkout, join(home, name)));
  for (const [title, measure] of Object.entries(measures)) {
    const samples = new Map([...sides.keys()].map((name) => [name, /** @type {number[]} */ ([])]));
    for (const side of sides.values()) await measure(side, 1);
    for (let round = 0; round < rounds; round += 1) {
      for (const [name, side] of rotated([...sides], round)) samples.get(name)?.push(await measure(side, seconds));
    }
    report(title, samples);
  }
  for (const { stop } of sides.values()) await stop();
}

/**
 * @param {string} title
 * @param {Map<string, number[]>} samples
 */
function report(title, samples) {
  const before = samples.get('other') ?? [];
  const again = samples.get('other again') ?? [];
  const after = samples.get('this') ?? [];
  const spread = again.map((value, round) => value / (before[round] ?? Number.NaN));
  const medians = [before, again, after].map((values) => median(values).toFixed(1)).join(' / ');
  say(`\n${title}, medians a second of other / other again / this: ${medians}`);
  say(`  this against other        ${describe(after, before)}`);
  say(`  this against other again  ${describe(after, again)}`);
  say(`  other again against other ${describe(again, before)}; rounds ${span(spread)}`);
}

/**
 * @param {number[]} values
 * @param {number[]} others
 */
function describe(values, others) {
  return ratio(values, others).toFixed(3);
}

/** @param {number[]} values */
function span(values) {
  return `${Math.min(...values).toFixed(3)} to ${Math.max(...values).toFixed(3)}`;
}

/**
 * @param {string} checkout
 * @param {string} folder
 * @returns {Promise<Side>}
 */
async function start(checkout, folder) {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const program = join(checkout, 'packages', 'cli', 'bin', 'authsvc.js');
  const env = { AUTHSVC_DATA_DIR: join(folder, 'data'), AUTHSVC_LISTEN_PORT: '0' };
  const { url, stop } = await startParty('authsvc', [program, 'serve'], { folder, env });
  for (let person = 0; person < people; person += 1) {
    await mustPost(`${url}/users`, { email: emailOf(person), password });
  }
  const { cookies } = await mustPost(`${url}/sessions`, { email: emailOf(0), password });
  return { url, stop, cookie: cookies[0] ?? '' };
}

/**
 * @param {Side} side
 * @param {number} connections
 * @param {number} seconds
 * @param {string} [path]
 */
async function check({ url, cookie }, connections, seconds, path = '/profile') {
  await expectCheck(url + path, cookie, emailOf(0));
  return (await measureChecks({ url: url + path, cookies: [cookie], connections, seconds })).value;
}

/**
 * @param {string} url
 * @param {number} client
 */
function logIn(url, client) {
  return post(`${url}/sessions`, { email: emailOf(client % people), password });
}

/** @param {number} person */
function emailOf(person) {
  return `user-${person}@example.com`;
}

/** @param {string} checkout */
function commitOf(checkout) {
  return execFileSync('git', ['log', '-1', '--format=%h'], { cwd: checkout, encoding: 'utf8' }).trim();
}
