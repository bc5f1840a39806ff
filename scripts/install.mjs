import { existsSync, readdirSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { readText, root, rootPackage } from './root.mjs';
import { mustRun, StepError, step } from './step.mjs';

const stampFile = join(root, 'node_modules', '.installed-from');

/** @returns {boolean} whether this is the clone's first install, the one that compiles */
export function neverInstalled() {
  return !existsSync(stampFile);
}

/** @returns {boolean} whether node_modules matches the lockfile and the manifests */
export function isInstalled() {
  if (neverInstalled() || readFileSync(stampFile, 'utf8') !== stamp()) return false;
  return workspaceFolders().every((folder) => existsSync(join(root, folder, 'node_modules')) || needsNothing(folder));
}

/**
 * Whether a package has no dependencies, so that pnpm gives it no `node_modules`.
 *
 * @param {string} folder
 */
function needsNothing(folder) {
  const { dependencies, devDependencies } = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8'));
  return !dependencies && !devDependencies;
}

/**
 * Install every package of the workspace from the lockfile, compiling what has no binary.
 *
 * @throws {StepError} with the installer's log
 */
export async function install() {
  await runPnpm(['install', '--frozen-lockfile', '--prod=false']);
  writeFileSync(stampFile, stamp());
}

/**
 * Compile keytar where its binary is missing: an install without libsecret's headers skips it
 * silently.
 *
 * @returns {Promise<string | undefined>} why it is still missing; undefined when it is there
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
  return existsSync(join(root, 'packages/cli/node_modules/keytar/build/Release/keytar.node'));
}

/**
 * Run the pinned pnpm, without Corepack.
 *
 * @param {readonly string[]} args
 * @returns {Promise<string>} what it printed
 * @throws {StepError} with its log
 */
export function runPnpm(args) {
  // Without it, an install under another HOME would ask whether it may replace node_modules.
  const quiet = ['--config.confirm-modules-purge=false', '--reporter=append-only'];
  return mustRun('npx', ['-y', rootPackage.packageManager, ...args, ...quiet], { cwd: root, env: buildEnvironment() });
}

/**
 * The environment in which native packages compile, downloading only from the registry.
 *
 * @returns {NodeJS.ProcessEnv}
 */
export function buildEnvironment() {
  /** @type {NodeJS.ProcessEnv} */
  const env = { ...process.env, npm_config_build_from_source: 'true' };
  const prefix = dirname(dirname(realpathSync(process.execPath)));
  // With Node's own headers node-gyp downloads none, which would fail behind a registry mirror.
  if (env.npm_config_nodedir || !existsSync(join(prefix, 'include', 'node', 'node.h'))) return env;
  return { ...env, npm_config_nodedir: prefix };
}

/** Everything that decides what node_modules holds. */
function stamp() {
  const manifests = workspaceFolders().map((folder) => join(folder, 'package.json'));
  return ['pnpm-lock.yaml', 'pnpm-workspace.yaml', 'package.json', ...manifests].map(readText).join('');
}

/** The folders that pnpm-workspace.yaml names. */
function workspaceFolders() {
  const packages = readdirSync(join(root, 'packages')).map((name) => join('packages', name));
  return [...packages.filter((folder) => existsSync(join(root, folder, 'package.json'))), 'e2e'];
}
