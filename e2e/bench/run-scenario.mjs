import { step } from '../../scripts/step.mjs';

/** @typedef {import('./scenarios/scenario.mjs').Scenario} Scenario */
/** @typedef {import('./scenarios/scenario.mjs').Stage} Stage */
/** @typedef {import('./parties/party-process.mjs').Party} Party */

/** How long each measurement of a quick run takes, in seconds. */
const quickSeconds = 1;

/**
 * Runs a scenario, and ends every process that it has started, however it ends.
 *
 * @param {Scenario} scenario
 * @param {Pick<Stage, 'folder' | 'rounds' | 'quick' | 'passwordHash'>} settings
 * @returns {Promise<import('./rounds.mjs').Row[]>}
 */
export function runScenario({ title, run }, settings) {
  /** @type {Party[]} */
  const started = [];
  const start = async (/** @type {Promise<Party>} */ starting) => {
    const party = await starting;
    started.push(party);
    return party;
  };
  const seconds = (/** @type {number} */ full) => (settings.quick ? quickSeconds : full);
  return step(title, async () => {
    try {
      return await run({ ...settings, seconds, start });
    } finally {
      await Promise.all(started.map((party) => party.stop()));
    }
  });
}
