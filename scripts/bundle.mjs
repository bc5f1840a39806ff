import { mkdtempSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { rolldown } from 'rolldown';
import { keepModuleUrls, requireFromOwner } from './bundle-plugins.mjs';
import { compileBundle } from './compile-bundle.mjs';
import { licencesOf } from './licences.mjs';
import { root } from './root.mjs';

const packages = join(root, 'packages');
const dist = join(packages, 'cli', 'dist');
const folder = join(dist, 'bundle');
/** The one that programs look at to tell whether a bundle is newer than what the compiler wrote. */
const entries = ['main.cjs', 'detached-daemon.cjs'];

/** What Knex would load for databases that are not ours. */
const neverInstalled = /^(better-sqlite3|mariadb\/callback|mysql2?|oracledb|pg-native|pg-query-stream|tedious)$/;
/** Each file that is loaded costs a start some time: what one kind of command needs is in one, and nothing besides. */
const groups = [
  {
    name: 'help',
    test: /\/cli\/dist\/(cli-error|command-list|commands\/help-text|exit-status|global-options|program-help|server-url)\.js$/,
  },
  {
    name: 'session',
    test: /\/cli\/dist\/(?!main|version)([\w-]+|(keychain|session-store)\/[\w-]+|commands\/(logout|profile))\.js$|\/commander\/(lib\/\w+|\w+)\.m?js$/,
  },
];

/**
 * Bundles the command line and the daemon from what the compiler wrote, unless that is older than the bundle.
 *
 * @returns {Promise<boolean>} whether there was anything to do
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
      `${/packages\/(core|server)\/dist\/index\.js$/.exec(facadeModuleId ?? '')?.[1] ?? name}.cjs`,
    // A module that is imported late need not be one: the loader of modules would cost a command some milliseconds.
    dynamicImportInCjs: false,
    comments: false,
    codeSplitting: { includeDependenciesRecursively: false, groups },
  });
  await bundler.close();
  const chunks = output.filter((file) => file.type === 'chunk');
  const unfinished = mkdtempSync(`${folder}.`);
  for (const { fileName, code } of chunks) writeFileSync(join(unfinished, fileName), inAscii(code));
  const modules = chunks.flatMap(({ moduleIds }) => moduleIds);
  writeFileSync(join(unfinished, 'LICENSES.txt'), licencesOf(modules));
  await compileBundle(unfinished);
  rmSync(folder, { recursive: true, force: true });
  renameSync(unfinished, folder);
  return true;
}

/**
 * Every character beyond ASCII as an escape, so that a byte is a character, and V8 keeps it as one.
 *
 * @param {string} code
 */
function inAscii(code) {
  return code.replace(/[^\0-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

function isFresh() {
  const made = Math.min(...entries.map((name) => modifiedAt(join(folder, name))));
  const notes = ['core', 'server', 'cli'].map((name) => join(packages, name, 'tsconfig.tsbuildinfo'));
  const recipe = ['bundle.mjs', 'bundle-plugins.mjs', 'compile-bundle.mjs', 'licences.mjs', 'record-compiled.cjs'].map(
    (name) => join(root, 'scripts', name),
  );
  return [...notes, ...recipe, join(root, 'pnpm-lock.yaml')].every((file) => modifiedAt(file) < made);
}

/** @param {string} file */
function modifiedAt(file) {
  return statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? Number.NEGATIVE_INFINITY;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) await bundle();
