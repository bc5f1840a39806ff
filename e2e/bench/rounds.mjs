/**
 * What one measurement says.
 *
 * @typedef {object} Sample
 * @property {number} value
 * @property {number} [p50Ms]
 * @property {number} [p99Ms]
 * @property {number} [slowestMs]
 * @property {number} [refused] answers of 503 that name a Retry-After
 * @property {number} [failed] answers that are neither 200 nor such a 503, and requests without an
 * answer
 */

/**
 * One line of the results: a party under a load, measured once a round.
 *
 * @typedef {object} Row
 * @property {string} id as in `checks/16/authsvc`
 * @property {string} load what was asked of it
 * @property {string} party who was asked
 * @property {string} unit
 * @property {string} [against] the id of the row that this one is compared with
 * @property {Sample[]} samples one a round
 */

/**
 * A row that is still to be measured. One measurement may fill several rows, as logins and session
 * checks at the same time do.
 *
 * @typedef {object} Contest
 * @property {Omit<Row, 'samples'>[]} rows
 * @property {() => Promise<Sample[]>} measure one sample for each row, in their order
 */

/**
 * A contest that fills one row.
 *
 * @param {Omit<Row, 'samples'>} row
 * @param {() => Promise<Sample>} measure
 * @returns {Contest}
 */
export function contest(row, measure) {
  return { rows: [row], measure: async () => [await measure()] };
}

/**
 * Measures each contest once a round, beginning with another one in each round.
 *
 * @param {readonly Contest[]} contests
 * @param {number} rounds
 * @returns {Promise<Row[]>}
 */
export async function alternate(contests, rounds) {
  /** @type {Map<string, Row>} */
  const rows = new Map(contests.flatMap((contest) => contest.rows.map((row) => [row.id, { ...row, samples: [] }])));
  for (let round = 0; round < rounds; round += 1) {
    for (const contest of rotated(contests, round)) {
      const samples = await contest.measure();
      for (const [index, sample] of samples.entries()) rows.get(contest.rows[index]?.id ?? '')?.samples.push(sample);
    }
  }
  return [...rows.values()];
}

/**
 * @template T
 * @param {readonly T[]} items
 * @param {number} by
 * @returns {T[]} the items, beginning with another one
 */
export function rotated(items, by) {
  const start = by % Math.max(1, items.length);
  return [...items.slice(start), ...items.slice(0, start)];
}
