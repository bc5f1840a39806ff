import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { install, isInstalled, neverInstalled } from './install.mjs';
import { root, rootPackage } from './root.mjs';
import { exitFailed, mustRun, StepError, step } from './step.mjs';
import { compilerProblem, nodeProblem } from './toolchain.mjs';

/**
 * Install and build this clone, as far as that is stale.
 *
 * @throws {StepError} when this machine lacks something, or a step fails, with its full log
 */
export async function setUp() {
  refuse(nodeProblem(process.versions.node, rootPackage.engines.node));
  if (!isInstalled()) {
    refuse(compilerProblem(process.env));
    if (neverInstalled())
      console.log('First time here: this installs packages and compiles SQLite, which takes 2 to 10 minutes.');
    await step(['Installing the packages', 'Installed the packages'], install);
  }
  await step('Built', build);
  // It imports packages, which may have been installed just now.
  const { bundle, removeOrphans } = await import('./bundle.mjs');
  removeOrphans();
  await step('Bundled', bundle, (made) => (made ? '' : 'nothing was stale'));
}

/** @throws {StepError} with the compiler's log */
function build() {
  const packages = join(root, 'packages');
  const someFolderIsMissing = readdirSync(packages).some((name) => !existsSync(join(packages, name, 'dist')));
  // tsc trusts its .tsbuildinfo, which outlives a deleted dist folder.
  const force = someFolderIsMissing ? ['--force'] : [];
  const compiler = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  return mustRun(process.execPath, [compiler, '-b', ...force], { cwd: root });
}

/** @param {string | undefined} problem */
function refuse(problem) {
  if (problem) throw new StepError(problem);
}

// The Dockerfile starts it alone.
if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) await setUp().catch(exitFailed);
