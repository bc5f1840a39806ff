import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildEnvironment } from '../../scripts/install.mjs';
import { mustRun, step } from '../../scripts/step.mjs';

const folder = dirname(fileURLToPath(import.meta.url));

/**
 * Installs what the service is measured against, where that has not been done yet. None of it is a
 * dependency of the service.
 *
 * @throws {StepError} with npm's log
 */
export async function installParties() {
  // npm writes this file at the end of an install.
  if (existsSync(join(folder, 'node_modules', '.package-lock.json'))) return;
  await step('Installed the other parties', () =>
    mustRun('npm', ['ci', '--no-audit', '--no-fund'], { cwd: folder, env: buildEnvironment() }),
  );
}
