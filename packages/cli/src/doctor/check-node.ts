import { type Finding, ok, problem } from './finding.ts';

/**
 * Compares a version of Node.js with what the package asks for.
 *
 * @param required as in package.json: `>=20.19`.
 */
export function checkNode(running: string, required: string): Finding {
  const [major = 0, minor = 0] = numbersIn(running);
  const [leastMajor = 0, leastMinor = 0] = numbersIn(required);
  if (major > leastMajor || (major === leastMajor && minor >= leastMinor)) return ok(running);
  return problem(`${running} is too old: authsvc needs ${leastMajor}.${leastMinor} or newer`, {
    say: 'Install a newer one from https://nodejs.org/en/download',
  });
}

function numbersIn(text: string): number[] {
  return (text.match(/\d+/g) ?? []).map(Number);
}
