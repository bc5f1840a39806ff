import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { root } from './root.mjs';

const page = 'docs/security.md';
const testReference = /`([^`\s]+\.test\.ts)`((?:\s*›\s*“[^”]+”)+)/g;

/**
 * Checks that each row of the tables in docs/security.md names tests that there are, or says why there is none: a row's last cell holds references such as
 * `path.test.ts` › “the name of a test”, or begins with "Not covered:".
 *
 * @param {string} text of the page
 * @param {(file: string) => string | undefined} read a file of the clone, undefined where there is none
 * @returns {string[]} one sentence for each breach
 */
export function securityBreaches(text, read) {
  const rows = text
    .split('\n')
    .filter((line) => /^\| (?!ASVS|Value|Threat|---)/.test(line) && !line.startsWith('|---'));
  if (rows.length === 0) return [`${page} has no table`];
  return rows.flatMap((row) => {
    const cells = row
      .slice(1, -1)
      .split(' | ')
      .map((cell) => cell.trim());
    const [name = '', shownBy = ''] = [cells[0], cells.at(-1)];
    const references = [...shownBy.matchAll(testReference)];
    if (references.length === 0 && !shownBy.startsWith('Not covered:')) {
      return [`${page}: ${name} names no test, and does not begin with "Not covered:"`];
    }
    return references.flatMap(([, file = '', names = '']) =>
      missingTests(file, names, read).map((problem) => `${page}: ${name} ${problem}`),
    );
  });
}

/**
 * @param {string} file
 * @param {string} names
 * @param {(file: string) => string | undefined} read
 */
function missingTests(file, names, read) {
  const source = read(file);
  if (source === undefined) return [`names ${file}, which is not there`];
  // A name in the source may have its quotation marks escaped.
  const plain = source.replaceAll('\\', '');
  return [...names.matchAll(/“([^”]+)”/g)]
    .map(([, test = '']) => test)
    .filter((test) => !["'", '"', '`'].some((quote) => plain.includes(`${quote}${test}${quote}`)))
    .map((test) => `names the test "${test}", which is not in ${file}`);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const breaches = securityBreaches(readFileSync(join(root, page), 'utf8'), (file) =>
    existsSync(join(root, file)) ? readFileSync(join(root, file), 'utf8') : undefined,
  );
  for (const breach of breaches) console.error(breach);
  process.exitCode = breaches.length > 0 ? 1 : 0;
}
