import { dirname } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { clonedFiles, readText } from './root.mjs';

const mostColumns = 100;
const mostFiles = 20;
/** Words that read as translated. `nobody` is an address or a user of the system, and nothing else. */
const words =
  /\b([Aa]new|[Aa]nybody|[Aa]s it must be|[Ee]verybody|[Ii]n vain|[Mm]end|[Ss]omebody|[Tt]old|[Ww]hoever|[Nn]obody(?!['"`@:$-]))\b/g;
const comment = /^\s*(\/\*|\*|#)|(^|\s)\/\/\s/;
const text = /\.(md|[cm]?[jt]s|py|go|sh|grit)$|^\.ci\//;

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
        const isWide = line.length > mostColumns && !file.endsWith('.md') && comment.test(line);
        const found = [...line.matchAll(words)].map(([word]) => `says “${word}”`);
        if (isWide) found.push(`has a comment that ends in column ${line.length}`);
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

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const { only = '' } = parseArgs({ options: { only: { type: 'string' } } }).values;
  const files = clonedFiles().filter((file) => file.startsWith(only));
  const breaches = [...crowdedFolders(files), ...proseBreaches(files, readText)];
  for (const breach of breaches) console.error(breach);
  process.exitCode = breaches.length > 0 ? 1 : 0;
}
