import { parseArgs } from 'node:util';

/** @param {string} text */
export function say(text) {
  process.stdout.write(`${text}\n`);
}

/**
 * Reads options; if they are wrong, ends the program with a sentence about that, and the usage.
 *
 * @template T
 * @param {() => T} read
 * @param {string} help
 * @returns {T}
 */
export function readOrExit(read, help) {
  try {
    return read();
  } catch (error) {
    process.stderr.write(`${/** @type {Error} */ (error).message}\n\n${help}\n`);
    process.exit(2);
  }
}

export const usage = `npm run bench -- [options]

  --quick            one short round and small databases, about a minute: to see that it runs, not to quote
  --rounds <n>       rounds, in each of which every party has its turn (5)
  --only <scenario>  this scenario alone; may be given more than once
  --json <file>      write every figure to a file
  --help

The chart of README and docs/benchmarks.md: node e2e/bench/chart.mjs <file of --json> <file.svg>`;

/**
 * @typedef {object} Options
 * @property {boolean} help
 * @property {boolean} quick
 * @property {number} rounds
 * @property {readonly string[]} only names of scenarios; all of them where there is none
 * @property {string | undefined} json
 */

/**
 * @param {readonly string[]} argv
 * @param {readonly string[]} scenarioNames
 * @returns {Options}
 * @throws {Error} one sentence about what is wrong
 */
export function readOptions(argv, scenarioNames) {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      help: { type: 'boolean', default: false },
      quick: { type: 'boolean', default: false },
      rounds: { type: 'string' },
      only: { type: 'string', multiple: true, default: [] },
      json: { type: 'string' },
    },
  });
  const unknown = values.only.find((name) => !scenarioNames.includes(name));
  if (unknown !== undefined) throw new Error(`--only ${unknown}: the scenarios are ${scenarioNames.join(', ')}`);
  const rounds = Number(values.rounds ?? (values.quick ? 1 : 5));
  if (!Number.isInteger(rounds) || rounds < 1) throw new Error('--rounds takes a whole number from 1 on');
  return { help: values.help, quick: values.quick, rounds, only: values.only, json: values.json };
}
