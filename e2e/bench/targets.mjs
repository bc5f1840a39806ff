import { median, ratio } from '../support/statistics.mjs';
import { alignColumns, formatFigure } from './table.mjs';

/** @typedef {import('./rounds.mjs').Row} Row */
/** @typedef {import('./rounds.mjs').Sample} Sample */

/**
 * @typedef {object} Target
 * @property {string} what
 * @property {'least' | 'most'} bound
 * @property {number} limit
 * @property {string} [unit] none for a ratio
 * @property {readonly string[]} rows the ids of the rows that are needed
 * @property {(...rows: Row[]) => number} measure
 */

/** @typedef {{ what: string, target: string, measured: number, met: boolean }} Verdict */

/** What the service is meant to reach on a machine of two cores. */
const targets = /** @type {readonly Target[]} */ ([
  least('GET /profile, 16 connections, × bare Fastify', 0.75, 'checks/16/authsvc', 'checks/16/bare-fastify'),
  least('GET /profile × better-auth', 40, 'checks/16/authsvc', 'checks/16/better-auth'),
  least('GET /profile × better-auth with its cookie cache', 30, 'checks/16/authsvc', 'checks/16/better-auth-cached'),
  least('GET /whoami, 16 connections, × bare Fastify', 0.7, 'whoami/16/authsvc', 'whoami/16/bare-fastify'),
  mostOf('GET /whoami from a backend × bare Fastify', 1.3, 'whoami/backend/authsvc', 'whoami/backend/bare-fastify'),
  least('GET /login × bare Fastify with the same bytes', 0.5, 'pages/authsvc', 'pages/bare-fastify'),
  least('logins × raw bcrypt on every core', 0.95, 'logins/authsvc', 'logins/raw-bcrypt'),
  least('GET /profile while 16 log in × with no logins', 0.4, 'storm/16/authsvc', 'storm/0/authsvc'),
  most('the same, p99', 25, 'ms', 'storm/16/authsvc', ({ p99Ms }) => p99Ms),
  never('the same, failed', 0, 'answers', 'storm/16/authsvc', ({ failed }) => failed),
  least('logins during a flood of checks × without', 0.2, 'flood/logins', 'flood/alone'),
  never('200 logins in flight: neither 200 nor 503', 0, 'answers', 'overload/patient', ({ failed }) => failed),
  never('200 logins in flight: slowest answer', 3000, 'ms', 'overload/patient', ({ slowestMs }) => slowestMs),
  least('200 logins in flight × raw bcrypt', 0.9, 'overload/patient', 'overload/raw-bcrypt'),
  mostOf('200 logins in flight: memory late × early', 1.1, 'memory/late', 'memory/early'),
  least('GET /profile, few active of many × of few', 0.9, 'scale/active/many', 'scale/active/few'),
  least('logins to many accounts × to few', 0.95, 'scale/logins/many', 'scale/logins/few'),
  least('GET /profile of any session × one Knex read', 0.9, 'scale/any/authsvc', 'scale/any/one-read'),
  mostOf('ready after start × bare node', 8, 'start-up/authsvc', 'start-up/bare-node'),
  mostOf('authsvc --version × bare node', 1.6, 'command-line/--version', 'command-line/bare-node'),
  mostOf('authsvc --help × bare node', 1.8, 'command-line/--help', 'command-line/bare-node'),
  mostOf('authsvc profile × bare node', 3, 'command-line/profile', 'command-line/bare-node'),
  mostOf('the same from the keychain × bare node', 3, 'command-line/profile-keychain', 'command-line/bare-node'),
  least('session check on PostgreSQL × SELECT by primary key', 0.7, 'postgres/check', 'postgres/select'),
  mostOf('a session check with metrics × without, processor time', 1.03, 'metrics/measured', 'metrics/bare'),
  most('memory at rest', 130, 'MB', 'memory/rest', ({ value }) => value),
]);

/**
 * Compares the results with what was aimed at; leaves out what was not measured.
 *
 * @param {readonly Row[]} rows
 * @returns {Verdict[]}
 */
export function judgeTargets(rows) {
  const byId = new Map(rows.map((row) => [row.id, row]));
  return targets.flatMap(({ what, bound, limit, unit, rows: ids, measure }) => {
    const needed = ids.flatMap((id) => byId.get(id) ?? []);
    if (needed.length < ids.length) return [];
    const measured = measure(...needed);
    const met = bound === 'least' ? measured >= limit : measured <= limit;
    const target = `${bound === 'least' ? '≥' : '≤'} ${limit.toLocaleString('en')}${unit ? ` ${unit}` : ''}`;
    return [{ what, target, measured, met }];
  });
}

/**
 * @param {readonly Verdict[]} verdicts
 * @returns {string}
 */
export function targetTable(verdicts) {
  const lines = verdicts.map(({ what, target, measured, met }) => [
    what,
    target,
    formatFigure(measured),
    met ? '✓' : '✗ missed',
  ]);
  return alignColumns([['What', 'aimed at', 'measured', ''], ...lines]);
}

/** @param {string} what @param {number} limit @param {string} id @param {string} baseId */
function least(what, limit, id, baseId) {
  return { what, bound: 'least', limit, rows: [id, baseId], measure: rowRatio };
}

/** @param {string} what @param {number} limit @param {string} id @param {string} baseId */
function mostOf(what, limit, id, baseId) {
  return { what, bound: 'most', limit, rows: [id, baseId], measure: rowRatio };
}

/**
 * @param {string} what
 *
 * @param {number} limit
 *
 * @param {string} unit
 *
 * @param {string} id
 *
 * @param {(sample: Sample) => number | undefined} field
 */
function most(what, limit, unit, id, field) {
  const measure = (/** @type {Row} */ { samples }) => median(fieldOf(samples, field));
  return { what, bound: 'most', limit, unit, rows: [id], measure };
}

/**
 * What no round may exceed.
 *
 * @param {string} what
 *
 * @param {number} limit
 *
 * @param {string} unit
 *
 * @param {string} id
 *
 * @param {(sample: Sample) => number | undefined} field
 */
function never(what, limit, unit, id, field) {
  const measure = (/** @type {Row} */ { samples }) => Math.max(...fieldOf(samples, field));
  return { what, bound: 'most', limit, unit, rows: [id], measure };
}

/** @param {readonly Sample[]} samples @param {(sample: Sample) => number | undefined} field */
function fieldOf(samples, field) {
  return samples.map((sample) => field(sample) ?? Number.NaN);
}

/** @param {Row} row @param {Row} base */
function rowRatio(row, base) {
  return ratio(
    row.samples.map(({ value }) => value),
    base.samples.map(({ value }) => value),
  );
}
