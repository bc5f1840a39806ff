import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { root, rootPackage } from './root.mjs';
import { mustRun } from './step.mjs';

const stampFile = join(root, 'node_modules', '.installed-from');

/** @returns {boolean} whether this is the first install of this clone, the one that compiles */
export function neverInstalled() {
  return !existsSync(stampFile);
}

/** @returns {boolean} whether node_modules is what the lockfile and the manifests ask for */
export function isInstalled() {
  if (neverInstalled() || readFileSync(stampFile, 'utf8') !== stamp()) return false;
  return workspaceFolders().every((folder) => existsSync(join(folder, 'node_modules')));
}

/**
 * Installs every package of the workspace from the lockfile, compiling what has no binary.
 *
 * @throws {StepError} with the installer's log
 */
export async function install() {
  await runPnpm(['install', '--frozen-lockfile', '--prod=false']);
  writeFileSync(stampFile, stamp());
}

/**
 * Runs the pinned pnpm, wherever Corepack is missing or fails.
 *
 * @param {readonly string[]} args
 * @returns {Promise<string>} what it printed
 * @throws {StepError} with its log
 */
export function runPnpm(args) {
  // Without a terminal, an install under another HOME would stop to ask whether it may replace node_modules.
  const quiet = ['--config.confirm-modules-purge=false', '--reporter=append-only'];
  return mustRun('npx', ['-y', rootPackage.packageManager, ...args, ...quiet], { cwd: root, env: buildEnvironment() });
}

/**
 * The environment in which native packages compile with nothing downloaded but what the registry holds.
 *
 * @returns {NodeJS.ProcessEnv}
 */
export function buildEnvironment() {
  /** @type {NodeJS.ProcessEnv} */
  const env = { ...process.env, npm_config_build_from_source: 'true' };
  const prefix = dirname(dirname(realpathSync(process.execPath)));
  // Node's own headers spare node-gyp a download, which fails where only the registry can be reached.
  if (env.npm_config_nodedir || !existsSync(join(prefix, 'include', 'node', 'node.h'))) return env;
  return { ...env, npm_config_nodedir: prefix };
}

/** A digest of all that decides what node_modules holds. */
function stamp() {
  const manifests = [root, ...workspaceFolders()].map((folder) => join(folder, 'package.json'));
  const digest = createHash('sha256');
  for (const file of [join(root, 'pnpm-lock.yaml'), join(root, 'pnpm-workspace.yaml'), ...manifests]) {
    digest.update(readFileSync(file));
  }
  return digest.digest('hex');
}

/** The folders that pnpm-workspace.yaml names. */
function workspaceFolders() {
  const packages = join(root, 'packages');
  const names = readdirSync(packages).filter((name) => existsSync(join(packages, name, 'package.json')));
  return [...names.sort().map((name) => join(packages, name)), join(root, 'e2e')];
}
