/** @typedef {import('../parties/party-process.mjs').Party} Party */
/** @typedef {import('../rounds.mjs').Row} Row */

/**
 * What a scenario is given.
 *
 * @typedef {object} Stage
 * @property {string} folder an empty one of its own
 * @property {number} rounds
 * @property {boolean} quick
 * @property {string} passwordHash of every seeded account
 * @property {(seconds: number) => number} seconds how long to measure in this run what takes
 * `seconds` in a full one
 * @property {(party: Promise<Party>) => Promise<Party>} start waits for a party that is stopped
 * when the scenario is over
 */

/**
 * @typedef {object} Scenario
 * @property {string} name
 * @property {string} title
 * @property {boolean} [needsNobodyElse] whether it runs without the other parties' packages
 * @property {(stage: Stage) => Promise<Row[]>} run
 */

/** Who takes part, by the names that the table and the chart show. */
export const parties = {
  authsvc: 'authsvc',
  bareFastify: 'bare Fastify',
  rawBcrypt: 'raw bcrypt',
  betterAuth: 'better-auth',
  betterAuthCached: 'better-auth, cookie cache',
  oneRead: 'one Knex read',
  bareNode: 'bare node',
};

export const perSecond = { checks: 'checks/s', logins: 'logins/s', registrations: 'registrations/s' };
