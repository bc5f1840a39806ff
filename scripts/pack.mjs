import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { runPnpm } from './install.mjs';
import { root, rootPackage } from './root.mjs';
import { setUp } from './setup.mjs';
import { exitFailed, mustRun, step } from './step.mjs';

/**
 * What packing needs of a package.json.
 *
 * @typedef {{ name: string, version: string, dependencies?: Record<string, string> }} Manifest
 */

/** The packages that the command brings along, so that one tarball installs it. */
const parts = ['client', 'core', 'server'];

const [folder] = process.argv.slice(2);
if (folder === undefined) {
  console.error('usage: npm run pack -- <folder>');
  process.exit(2);
}
const to = resolve(folder);
await setUp().catch(exitFailed);
const work = mkdtempSync(join(tmpdir(), 'authsvc-pack-'));
try {
  for (const file of await step('Packed', pack)) console.log(`  ${file}`);
} catch (error) {
  exitFailed(error);
} finally {
  rmSync(work, { recursive: true, force: true });
}

/**
 * Make two tarballs: the whole command, and the client for applications.
 *
 * @returns {Promise<string[]>} their paths
 */
async function pack() {
  await runPnpm(['--recursive', '--filter', './packages/*', 'pack', '--pack-destination', work]);
  const command = await unpack('authsvc', 'command');
  const bundled = await Promise.all(
    parts.map((part) => unpack(`authsvc-${part}`, `command/node_modules/@authsvc/${part}`)),
  );
  bundleParts(command, bundled);
  await mustRun('npm', ['pack', '--pack-destination', work], { cwd: command });

  mkdirSync(to, { recursive: true });
  return ['authsvc', 'authsvc-client'].map((name) => {
    const file = join(to, tarballOf(name));
    copyFileSync(join(work, tarballOf(name)), file);
    return file;
  });
}

/** @param {string} name */
function tarballOf(name) {
  return `${name}-${rootPackage.version}.tgz`;
}

/**
 * @param {string} name of a packed package
 * @param {string} path below the work folder
 */
async function unpack(name, path) {
  const into = join(work, path);
  mkdirSync(into, { recursive: true });
  await mustRun('tar', ['-xzf', join(work, tarballOf(name)), '-C', into, '--strip-components=1'], { cwd: root });
  return into;
}

/**
 * Move what the parts depend on into the command's manifest: npm takes a bundled package for
 * complete, and installs nothing that it reaches through one.
 *
 * @param {string} command the folder of a package
 * @param {readonly string[]} bundled folders
 */
function bundleParts(command, bundled) {
  const manifests = bundled.map(readManifest);
  const { dependencies, ...own } = readManifest(command);
  writeManifest(command, {
    ...own,
    dependencies: Object.assign({}, ...manifests.map((part) => part.dependencies), dependencies),
    bundleDependencies: manifests.map(({ name }) => name),
  });
  for (const [index, { dependencies: _moved, ...part }] of manifests.entries()) {
    writeManifest(bundled[index] ?? '', part);
  }
}

/**
 * @param {string} path of a folder
 * @returns {Manifest}
 */
function readManifest(path) {
  return JSON.parse(readFileSync(join(path, 'package.json'), 'utf8'));
}

/**
 * @param {string} path of a folder
 * @param {object} manifest
 */
function writeManifest(path, manifest) {
  writeFileSync(join(path, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
}
