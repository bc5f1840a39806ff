import { median, ratio } from '../support/statistics.mjs';
import { describeChart } from './chart.mjs';
import { formatFigure } from './table.mjs';

/** @typedef {import('./rounds.mjs').Row} Row */
/** @typedef {import('./rounds.mjs').Sample} Sample */
/** @typedef {(...rows: Row[]) => string} Sentence */

/** @type {readonly (readonly [what: string, sentence: Sentence, ...ids: string[]])[]} */
const lines = [
  [
    'Session checks per second, 16 connections',
    (ours, bare, other, cached) =>
      `${times(ours, bare)} of a Fastify route that returns the same answer without a check; ${times(ours, other)} times better-auth with its defaults, ${times(ours, cached)} times with its cookie cache`,
    'checks/16/authsvc',
    'checks/16/bare-fastify',
    'checks/16/better-auth',
    'checks/16/better-auth-cached',
  ],
  [
    '`GET /whoami` per second, 16 connections',
    (ours, bare) => `${times(ours, bare)} of a Fastify route that returns the same answer without a check`,
    'whoami/16/authsvc',
    'whoami/16/bare-fastify',
  ],
  [
    'Session checks while 16 logins are in flight',
    (busy, calm) =>
      `${times(busy, calm)} of the rate without logins; 99 % answered within ${formatFigure(median(fieldOf(busy, 'p99Ms')))} ms`,
    'storm/16/authsvc',
    'storm/0/authsvc',
  ],
  [
    'Logins',
    (ours, raw, other) =>
      `${times(ours, raw)} of raw bcrypt at the same cost on every core; better-auth, with scrypt at its defaults, did ${formatFigure(median(valuesOf(other)))} a second`,
    'logins/authsvc',
    'logins/raw-bcrypt',
    'logins/better-auth',
  ],
  [
    '200 logins in flight, by clients that wait as `Retry-After` asks',
    (ours, raw) => {
      const failed = fieldOf(ours, 'failed').reduce((sum, count) => sum + count, 0);
      const answers = failed === 0 ? 'every answer is 200 or 503' : `${failed} answers were neither 200 nor 503`;
      const slowest = Math.max(...fieldOf(ours, 'slowestMs')) / 1000;
      return `${times(ours, raw)} of raw bcrypt; ${answers}, the slowest after ${slowest.toFixed(1)} s`;
    },
    'overload/patient',
    'overload/raw-bcrypt',
  ],
  [
    'A million sessions stored, 10,000 in use',
    (many, few, manyLogins, fewLogins) =>
      `${times(many, few)} of the session checks per second with only ten thousand stored; ${times(manyLogins, fewLogins)} of the logins`,
    'scale/active/many',
    'scale/active/few',
    'scale/logins/many',
    'scale/logins/few',
  ],
  [
    'A million sessions stored, checked at random',
    (ours, oneRead) => `${times(ours, oneRead)} times the rate of one read by primary key through Knex`,
    'scale/any/authsvc',
    'scale/any/one-read',
  ],
  [
    'From start to ready, with a database',
    (ours, bare, memory) =>
      `${times(ours, bare)} times an empty \`node\`; ${Math.round(median(valuesOf(memory)))} MB resident`,
    'start-up/authsvc',
    'start-up/bare-node',
    'memory/rest',
  ],
];

/**
 * The chart and the table of docs/benchmarks.md; a line that was not measured is left out.
 *
 * @param {import('./chart.mjs').Results} results
 * @returns {string}
 */
export function summary(results) {
  const byId = new Map(results.scenarios.flatMap(({ rows }) => rows).map((row) => [row.id, row]));
  const rows = lines.flatMap(([what, sentence, ...ids]) => {
    const needed = ids.flatMap((id) => byId.get(id) ?? []);
    return needed.length < ids.length ? [] : [`| ${what} | ${sentence(...needed)} |`];
  });
  const { machine, rounds } = results;
  const head = `| ${machine.cores} cores (${machine.cpu}), Node ${machine.node}, medians of at least ${rounds} alternating rounds | |`;
  return [`![${describeChart(results)}](bench.svg)`, '', head, '|---|---|', ...rows].join('\n');
}

/** @param {Row} row @param {Row} base */
function times(row, base) {
  return formatFigure(ratio(valuesOf(row), valuesOf(base)));
}

/** @param {Row} row */
function valuesOf(row) {
  return row.samples.map(({ value }) => value);
}

/** @param {Row} row @param {'p99Ms' | 'slowestMs' | 'failed'} field */
function fieldOf(row, field) {
  return row.samples.map((sample) => sample[field] ?? Number.NaN);
}
