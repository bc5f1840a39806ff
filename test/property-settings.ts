const { CI, AUTHSVC_TEST_SEED, AUTHSVC_TEST_PATH, AUTHSVC_TEST_COMMANDS, AUTHSVC_TEST_RUNS } = process.env;

/** In CI, so that a commit that passed passes again. */
const CI_SEED = 20_260_101;

/**
 * What the generated values of a run begin with, and, to see one failure again, the path to it; any
 * seed when undefined.
 */
export const propertySeed = seedOf(AUTHSVC_TEST_SEED) ?? (CI === 'true' ? CI_SEED : undefined);
export const propertyPath = AUTHSVC_TEST_PATH;

/** Which commands of a failing sequence are left, as its failure says. */
export const commandsPath = AUTHSVC_TEST_COMMANDS;

/** How many times as many values are tried, for a long hunt. */
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
