import { fileURLToPath } from 'node:url';
import { openPseudoTerminal, type PseudoTerminal } from '../../../../test/pseudo-terminal.ts';

export const authsvcFile = fileURLToPath(new URL('../../bin/authsvc.js', import.meta.url));

/** Runs the built `authsvc` on a pseudo-terminal, in no other environment than the one given. */
export function openTerminal(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  size?: { readonly cols: number },
): PseudoTerminal {
  return openPseudoTerminal(process.execPath, [authsvcFile, ...args], env, size);
}
