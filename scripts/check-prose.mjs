import { dirname } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { clonedFiles, failWith, readText } from './root.mjs';

/** Of a comment, without an address at its end, which cannot be wrapped. */
const mostColumns = 100;
const mostFiles = 20;
const mostLines = 400;
const mostRuntimeDependencies = 20;
/** What each package reads in one file only. */
const singleDoors = ['Date.now(', 'randomUUID(', 'process.env'];
/** Words that read as translated. `nobody` is an address or a user of the system, and nothing else. */
const words =
  /\b([Aa]new|[Aa]nybody|[Aa]s it must be|[Ee]verybody|[Ii]n vain|[Mm]end|[Ss]omebody|[Tt]old|[Ww]hoever|[Nn]obody(?!['"`@:$-]))\b/g;
const comment = /^\s*(\/\*|\*|#)|(^|\s)\/\/\s/;
const text = /\.(md|[cm]?[jt]sx?|html|py|go|sh|grit)$|^\.ci\//;

/**
 * Check the width of comments, and the words of comments, messages, help, docs and test names.
 *
 * @param {readonly string[]} files paths from the root of the clone
 * @param {(file: string) => string} read
 * @returns {string[]} one sentence for each breach
 */
export function proseBreaches(files, read) {
  const checked = files.filter((file) => text.test(file) && !file.includes('check-prose'));
  return checked.flatMap((file) =>
    read(file)
      .split('\n')
      .flatMap((line, index) => {
        const width = line.replace(/https:\S+$/, '').length;
        const isWide = width > mostColumns && !file.endsWith('.md') && comment.test(line);
        const found = [...line.matchAll(words)].map(([word]) => `says “${word}”`);
        if (isWide) found.push(`has a comment that ends in column ${width}`);
        return found.map((what) => `${file}:${index + 1} ${what}`);
      }),
  );
}

/**
 * Check that no folder has more source files than fit on a screen; tests stand beside them.
 *
 * @param {readonly string[]} files
 * @returns {string[]} one sentence for each breach
 */
export function crowdedFolders(files) {
  const folders = files.filter((file) => /(?<!\.test|\.d)\.[cm]?[jt]s$/.test(file)).map((file) => dirname(file));
  return [...new Set(folders)].flatMap((folder) => {
    const count = folders.filter((other) => other === folder).length;
    return count > mostFiles ? [`${folder} has ${count} source files; at most ${mostFiles}`] : [];
  });
}

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
    return lines > mostLines ? [`${file} has ${lines} lines; the limit is ${mostLines}`] : [];
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
  const used = manifests.flatMap((file) => {
    const { dependencies, optionalDependencies, peerDependencies } = JSON.parse(read(file));
    return Object.entries({ ...dependencies, ...optionalDependencies, ...peerDependencies });
  });
  const names = used.filter(([, version]) => !`${version}`.startsWith('workspace:')).map(([name]) => name);
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
  const { only } = parseArgs({ options: { only: { type: 'string', default: '' } } }).values;
  const files = clonedFiles();
  const plain = files.filter((file) => file.startsWith(only));
  failWith([...shapeBreaches(files, readText), ...crowdedFolders(plain), ...proseBreaches(plain, readText)]);
}
