import { posix } from 'node:path';

const mostReadmeLines = 120;
const mostReadmeColumns = 120;

/**
 * What pages may name.
 *
 * @typedef {object} Clone
 * @property {readonly string[]} files
 * @property {ReadonlySet<string>} settings every AUTHSVC_… in the code
 * @property {ReadonlySet<string>} scripts of package.json
 */

/**
 * Check that what pages name is there: links and their anchors, settings, scripts and source files.
 *
 * @param {ReadonlyMap<string, string>} pages by path
 * @param {Clone} clone
 * @returns {string[]} one sentence for each breach
 */
export function pageBreaches(pages, { files, settings, scripts }) {
  return [...pages].flatMap(([page, text]) => [
    ...brokenLinks(page, text, pages, files),
    ...unknown(page, 'the setting', text.match(/\bAUTHSVC_[A-Z\d_]*[A-Z\d]/g), (name) => settings.has(name)),
    ...unknown(page, 'the script', groups(text, /\bnpm run (?:--silent )?([a-z][\w:-]*)/g), (name) =>
      scripts.has(name),
    ),
    ...unknown(page, 'the file', groups(withoutPrograms(text), /(?<![\w/.<>-])([\w./-]+\.(?:ts|mjs|cjs))\b/g), (name) =>
      files.some((file) => file === name || file.endsWith(`/${name}`)),
    ),
  ]);
}

/**
 * Check that the README can be read in a minute.
 *
 * @param {string} text
 * @returns {string[]} one sentence for each breach
 */
export function readmeBreaches(text) {
  const lines = text.trimEnd().split('\n');
  const tooMany =
    lines.length > mostReadmeLines ? [`README.md has ${lines.length} lines; at most ${mostReadmeLines}`] : [];
  let isCode = false;
  const tooWide = lines.flatMap((line, index) => {
    if (line.startsWith('```')) isCode = !isCode;
    const columns = [...line].length;
    if (isCode || line.startsWith('|') || columns <= mostReadmeColumns) return [];
    return [`README.md:${index + 1} has ${columns} columns; at most ${mostReadmeColumns}`];
  });
  return [...tooMany, ...tooWide];
}

/**
 * @param {string} page
 * @param {string} text
 * @param {ReadonlyMap<string, string>} pages
 * @param {readonly string[]} files
 */
function brokenLinks(page, text, pages, files) {
  const targets = groups(withoutCode(text), /(?:\]\(|src=")([^)"\s]+)/g).filter((target) => !/^\w+:/.test(target));
  return targets.flatMap((target) => {
    const [path = '', anchor] = target.split('#');
    const to = path === '' ? page : posix.join(posix.dirname(page), path).replace(/\/$/, '');
    if (!files.some((file) => file === to || file.startsWith(`${to}/`)))
      return [`${page} links to ${target}, which is not there`];
    if (anchor === undefined || anchorsOf(pages.get(to) ?? '').includes(anchor)) return [];
    return [`${page} links to ${target}, and ${to} has no such heading`];
  });
}

/**
 * The anchors that GitHub gives to headings.
 *
 * @param {string} text
 */
function anchorsOf(text) {
  return groups(withoutCode(text), /^#+ (.+)$/gm).map((heading) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

/** @param {string} text */
function withoutCode(text) {
  return text.replaceAll(/^```[\s\S]*?^```/gm, '');
}

/**
 * A program that readers are to write has a name of its own.
 *
 * @param {string} text
 */
function withoutPrograms(text) {
  return text.replaceAll(/^```js[\s\S]*?^```/gm, '');
}

/**
 * @param {string} page
 * @param {string} what
 * @param {readonly string[] | null} names
 * @param {(name: string) => boolean} isKnown
 */
function unknown(page, what, names, isKnown) {
  const missing = [...new Set(names ?? [])].filter((name) => !isKnown(name));
  return missing.map((name) => `${page} names ${what} ${name}, which is not there`);
}

/**
 * @param {string} text
 * @param {RegExp} pattern with one group
 */
function groups(text, pattern) {
  return [...text.matchAll(pattern)].map(([, group = '']) => group);
}
