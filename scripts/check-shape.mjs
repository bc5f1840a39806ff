import { pathToFileURL } from 'node:url';
import { clonedFiles, readText } from './root.mjs';

const mostLines = 400;
const mostRuntimeDependencies = 20;
/** What each package reads in one file only. */
const singleDoors = ['Date.now(', 'randomUUID(', 'process.env'];

/**
 * Check what the linter cannot see: the length of all files, the number of dependencies, and the
 * single doors.
 *
 * @param {readonly string[]} files paths from the root of the clone
 * @param {(file: string) => string} read
 * @returns {string[]} one sentence for each breach
 */
export function shapeBreaches(files, read) {
  const sources = files.filter((file) => /\.(ts|mts|js|mjs|sh|fish|zsh)$/.test(file) || file.startsWith('.ci/'));
  return [...longFiles(sources, read), ...openDoors(sources, read), ...dependencies(files, read)];
}

/**
 * @param {readonly string[]} sources
 * @param {(file: string) => string} read
 */
function longFiles(sources, read) {
  return sources.flatMap((file) => {
    const lines = read(file).trimEnd().split('\n').length;
    return lines > mostLines ? [`${file} has ${lines} lines; at most ${mostLines} are held in the head`] : [];
  });
}

/**
 * @param {readonly string[]} sources
 * @param {(file: string) => string} read
 */
function openDoors(sources, read) {
  const code = sources.filter((file) => /^packages\/[^/]+\/src\//.test(file) && !isForTests(file));
  const packages = [...new Set(code.map((file) => file.split('/')[1]))];
  return packages.flatMap((name) =>
    singleDoors.flatMap((door) => {
      const users = code.filter((file) => file.split('/')[1] === name && withoutComments(read(file)).includes(door));
      return users.length > 1 ? [`${door} appears in ${users.join(' and ')}; it belongs in one file a package`] : [];
    }),
  );
}

/**
 * @param {readonly string[]} files
 * @param {(file: string) => string} read
 */
function dependencies(files, read) {
  const manifests = files.filter((file) => /^packages\/[^/]+\/package\.json$/.test(file));
  const names = manifests.flatMap((file) => {
    const { dependencies = {}, optionalDependencies = {}, peerDependencies = {} } = JSON.parse(read(file));
    return Object.entries({ ...dependencies, ...optionalDependencies, ...peerDependencies })
      .filter(([, version]) => !String(version).startsWith('workspace:'))
      .map(([name]) => name);
  });
  const count = new Set(names).size;
  return count > mostRuntimeDependencies
    ? [`${count} direct runtime dependencies; at most ${mostRuntimeDependencies}`]
    : [];
}

/** @param {string} file */
function isForTests(file) {
  return /\.test\.ts$|\/testing(\/|\.ts$)/.test(file);
}

/** @param {string} text */
function withoutComments(text) {
  return text.replaceAll(/\/\*[\s\S]*?\*\/|(?<!:)\/\/.*$/gm, '');
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const breaches = shapeBreaches(clonedFiles(), readText);
  for (const breach of breaches) console.error(breach);
  process.exitCode = breaches.length > 0 ? 1 : 0;
}
