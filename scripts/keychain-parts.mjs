import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { runPnpm } from './install.mjs';
import { root } from './root.mjs';
import { StepError, step } from './step.mjs';

/**
 * Compiles keytar where its binary is missing: an install without libsecret's headers skips it in silence, for good.
 *
 * @returns {Promise<string | undefined>} why there is none all the same, or nothing when it is there
 */
export async function repairKeytar() {
  if (keytarIsBuilt()) return undefined;
  try {
    await step('Compiled keytar', () => runPnpm(['rebuild', 'keytar']));
  } catch (error) {
    if (!(error instanceof StepError)) throw error;
    return `keytar does not compile here:\n${error.log.trimEnd()}`;
  }
  return keytarIsBuilt() ? undefined : "keytar has no binary here: libsecret's headers are missing (libsecret-1-dev)";
}

function keytarIsBuilt() {
  try {
    const manifest = createRequire(join(root, 'packages', 'cli', 'package.json')).resolve('keytar/package.json');
    return existsSync(join(dirname(manifest), 'build', 'Release', 'keytar.node'));
  } catch {
    return false;
  }
}
