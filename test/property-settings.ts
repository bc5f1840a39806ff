const { CI, AUTHSVC_TEST_SEED, AUTHSVC_TEST_PATH, AUTHSVC_TEST_COMMANDS, AUTHSVC_TEST_RUNS } = process.env;

/** In CI, so that a commit that passed passes again. */
const CI_SEED = 20_260_101;

/**
 * The seed of the values of a run and, to repeat one failure, the path to it; if undefined, the
 * seed is random.
 */
export const propertySeed = seedOf(AUTHSVC_TEST_SEED) ?? (CI === 'true' ? CI_SEED : undefined);
export const propertyPath = AUTHSVC_TEST_PATH;

/** Which commands of a failing sequence are left, as its failure says. */
export const commandsPath = AUTHSVC_TEST_COMMANDS;

/** The factor by which more values are tried, for a long search. */
export const propertyFactor = Number(AUTHSVC_TEST_RUNS ?? '1');

/** How many values a property is tried with. */
export function runs(usual: number): { numRuns: number } {
  return { numRuns: Math.max(1, Math.round(usual * propertyFactor)) };
}

function seedOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const seed = Number(text);
  if (text.trim() === '' || !Number.isInteger(seed)) throw new Error('AUTHSVC_TEST_SEED must be a whole number');
  return seed;
}
