import { chmodSync, existsSync, mkdtempSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { rolldown } from 'rolldown';
import { compiledFile } from '../packages/cli/bin/load-program.js';
import { keepModuleUrls, requireFromOwner } from './bundle-plugins.mjs';
import { compileBundle } from './compile-bundle.mjs';
import { licencesOf } from './licences.mjs';
import { root } from './root.mjs';

const packages = join(root, 'packages');
const dist = join(packages, 'cli', 'dist');
const folder = join(dist, 'bundle');
const names = readdirSync(packages).filter((name) => existsSync(join(packages, name, 'package.json')));

/** What Knex would load for databases that we do not use. */
const neverInstalled = /^(better-sqlite3|mariadb\/callback|mysql2?|oracledb|pg-native|pg-query-stream|tedious)$/;
/** Loading a file takes time at each start, so each holds only what one kind of command needs. */
const groups = [
  {
    name: 'help',
    test: /\/cli\/dist\/(errors|command-list|terminal\/help-text|exit-status|global-options|program-help|connection\/server-url)\.js$|\/client\/dist\/(folders|shell-command)\.js$/,
  },
  {
    // Before the rest, which is loaded while the helper of the keychain starts.
    name: 'keychain',
    test: /\/cli\/dist\/(context|daemon\/system-places|keychain\/[\w-]+|session-store\/(account-index|private-file))\.js$/,
  },
  {
    name: 'session',
    test: /\/cli\/dist\/(program|connection\/[\w-]+|session-store\/[\w-]+|commands\/(logout|profile)|terminal\/(answers|keyboard|paint|prompter|stdin-lines|terminal|times))\.js$|\/client\/dist\/(call|client|errors|operations|second-factor|session-cookie|node\/request)\.js$|\/commander\/(lib\/\w+|\w+)\.m?js$/,
  },
];

/**
 * Bundle the command line and the daemon from the compiled packages, unless the bundle is newer.
 *
 * @returns {Promise<boolean>} whether anything was stale
 */
export async function bundle() {
  if (isFresh()) return false;
  const bundler = await rolldown({
    cwd: root,
    input: { main: join(dist, 'main.js'), 'detached-daemon': join(dist, 'daemon', 'detached-daemon.js') },
    platform: 'node',
    preserveEntrySignatures: 'allow-extension',
    checks: { ineffectiveDynamicImport: false },
    external: neverInstalled,
    plugins: [requireFromOwner(), keepModuleUrls()],
  });
  const { output } = await bundler.generate({
    format: 'cjs',
    entryFileNames: '[name].cjs',
    chunkFileNames: ({ name, facadeModuleId }) =>
      `${/packages\/(\w+)\/dist\/index\.js$/.exec(facadeModuleId ?? '')?.[1] ?? name}.cjs`,
    // Loading a dynamic import as an ES module would cost a command some milliseconds.
    dynamicImportInCjs: false,
    comments: false,
    // Without it, modules would lose their 'use strict' and run in sloppy mode.
    strict: true,
    codeSplitting: { includeDependenciesRecursively: false, groups },
  });
  await bundler.close();
  const chunks = output.filter((file) => file.type === 'chunk');
  const unfinished = mkdtempSync(`${folder}.`);
  try {
    for (const { fileName, code } of chunks) writeFileSync(join(unfinished, fileName), inAscii(code));
    const modules = chunks.flatMap(({ moduleIds }) => moduleIds);
    writeFileSync(join(unfinished, 'LICENSES.txt'), licencesOf(modules));
    await compileBundle(unfinished);
    chmodSync(unfinished, 0o755);
    rmSync(folder, { recursive: true, force: true });
    renameSync(unfinished, folder);
  } catch (error) {
    rmSync(unfinished, { recursive: true, force: true });
    throw error;
  }
  return true;
}

/** Vitest's global setup: tests of the programs start them from the bundle. */
export async function setup() {
  await bundle();
}

/** Delete compiled files whose source is gone: they would still be importable, and packed. */
export function removeOrphans() {
  for (const name of names) {
    const outputs = join(packages, name, 'dist');
    for (const file of readdirSync(outputs, { recursive: true, encoding: 'utf8' })) {
      const [, stem, common] = /^(?!bundle[\\/])(.+?)(?:\.d)?\.(c?)[jt]s(?:\.map)?$/.exec(file) ?? [];
      if (stem === undefined || existsSync(join(packages, name, 'src', `${stem}.${common}ts`))) continue;
      rmSync(join(outputs, file));
    }
  }
}

/**
 * Escape what is not ASCII: V8 then keeps a byte a character.
 *
 * @param {string} code
 */
function inAscii(code) {
  return code.replace(/[^\0-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

function isFresh() {
  const entries = ['main.cjs', 'detached-daemon.cjs'].map((name) => join(folder, name));
  // A bundle compiled by another version of Node would work, but slower.
  const made = Math.min(...[...entries, compiledFile(join(folder, 'main.cjs'))].map(modifiedAt));
  const notes = names.map((name) => join(packages, name, 'tsconfig.tsbuildinfo'));
  const scripts = join(root, 'scripts');
  const recipe = readdirSync(scripts).map((name) => join(scripts, name));
  return [...notes, ...recipe, join(root, 'pnpm-lock.yaml')].every((file) => modifiedAt(file) < made);
}

/** @param {string} file */
function modifiedAt(file) {
  return statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? Number.NEGATIVE_INFINITY;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  removeOrphans();
  await bundle();
}
