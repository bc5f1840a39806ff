import { pathToFileURL } from 'node:url';
import { pageBreaches, readmeBreaches } from './check-pages.mjs';
import { clonedFiles, failWith, readText } from './root.mjs';

const page = 'docs/operations.md';
const securityPage = 'docs/security.md';
/** Commands that move data explain themselves. */
const elsewhere = /(copy-database|flask-users|try-upgrade|\.test)\.ts$|\/(testing|model)\b/;
const testReference = /`([^`\s]+\.test\.ts)`((?:\s*›\s*“[^”]+”)+)/g;

/**
 * What the code says to operators: error codes, events, log messages, and why it does not start.
 * In sentences `…` stands for what varies.
 *
 * @param {ReadonlyMap<string, string>} sources by path
 * @returns {{ names: string[], sentences: string[] }}
 */
export function documentable(sources) {
  const all = [...sources.values()].join('\n');
  const codes = /export const statusOf = \{([\s\S]*?)\n\}/.exec(all)?.[1];
  const types = /export type AuthEventType =([\s\S]*?);/.exec(all)?.[1];
  const names = [...found(codes ?? '', /^ {2}([a-z_]+): \d+,$/gm), ...found(types ?? '', /'([a-z_]+)'/g)];
  const sentences = [];
  for (const source of sources.values()) {
    names.push(...found(source, /\bevent: '([a-z_]+)'/g));
    sentences.push(...found(source, /\blog\.(?:warn|error)\(.*'([^'\n]+)'\)/g));
    for (const [, text = ''] of source.matchAll(
      /new (?:StartRefused|DatabaseRefused)Error\(\s*(`[^`]+`|'[^']+'|"[^"]+")/g,
    )) {
      sentences.push(withGaps(text));
    }
    for (const [, text = ''] of source.matchAll(/\b(?:attempt|refusalOfSystem)\((`[^`]+`)/g)) {
      sentences.push(`${withGaps(text)} (…)`);
    }
    for (const [, text = ''] of source.matchAll(/throw refusal\((`[^`]+`)/g)) sentences.push(`${withGaps(text)}: …`);
  }
  // A sentence made of variables alone is documented by its parts.
  return { names: [...new Set(names)], sentences: [...new Set(sentences)].filter((text) => /[a-z]{3}/.test(text)) };
}

/**
 * @param {string} text of the page
 * @param {ReadonlyMap<string, string>} sources
 * @returns {string[]} one sentence for each breach
 */
export function operationsBreaches(text, sources) {
  const { names, sentences } = documentable(sources);
  if (names.length === 0) return ['this check finds no message in the code'];
  const spans = [...text.matchAll(/`([^`\n]+)`/g)].map(([, span = '']) => span);
  const missing = [
    ...names.filter((name) => !spans.includes(name)),
    ...sentences.filter((sentence) => !spans.some((span) => isInstance(span, sentence))),
  ];
  const rows = text.split('\n').filter((line) => /^\| `[a-z]+(_[a-z]+)*`/.test(line));
  const explained = rows.flatMap((row) => found(row.split(' | ')[0] ?? '', /`([a-z]+(?:_[a-z]+)*)`/g));
  return [
    ...missing.map((what) => `${page} does not name \`${what}\``),
    ...explained
      .filter((name) => !names.includes(name))
      .map((name) => `${page} explains \`${name}\`, which the code never says`),
  ];
}

/**
 * @param {string} source
 * @param {RegExp} pattern with one group
 */
function found(source, pattern) {
  return [...source.matchAll(pattern)].map(([, group = '']) => group);
}

/** @param {string} literal a string or a template, as it is written */
function withGaps(literal) {
  return literal.slice(1, -1).replaceAll(/\$\{(?:[^{}]|\{[^}]*\})*\}/g, '…');
}

/**
 * @param {string} span
 * @param {string} sentence
 */
function isInstance(span, sentence) {
  const parts = sentence.split('…').map((part) => part.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&'));
  return new RegExp(`^${parts.join('.+')}$`).test(span);
}

/**
 * Check that each row of the tables in docs/security.md names existing tests or says why there is
 * none: its last cell holds references such as `path.test.ts` › “the name of a test”, or begins
 * with "Not covered:".
 *
 * @param {string} text of the page
 * @param {(file: string) => string | undefined} read undefined where there is no such file
 * @returns {string[]} one sentence for each breach
 */
export function securityBreaches(text, read) {
  const rows = text.split('\n').filter((line) => /^\| (?!ASVS|Value|Threat|---)/.test(line));
  if (rows.length === 0) return [`${securityPage} has no table`];
  return rows.flatMap((row) => {
    const cells = row.slice(1, -1).split(' | ');
    const [name = '', shownBy = ''] = [cells[0]?.trim(), cells.at(-1)?.trim()];
    const references = [...shownBy.matchAll(testReference)];
    if (references.length === 0 && !shownBy.startsWith('Not covered:')) {
      return [`${securityPage}: ${name} names no test, and its last cell does not begin with "Not covered:"`];
    }
    return references.flatMap(([, file = '', names = '']) =>
      missingTests(file, names, read).map((problem) => `${securityPage}: ${name} ${problem}`),
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
  const files = clonedFiles();
  const sources = files.filter((file) => /^packages\/(?!cli\/)[^/]+\/src\/.*\.ts$/.test(file) && !elsewhere.test(file));
  // A decision says what was so when it was made.
  const pages = files.filter((file) => file.endsWith('.md') && !file.startsWith('docs/adr/'));
  const code = files.filter((file) => /\.([cm]?[jt]s|py|go|exp)$/.test(file));
  const settings = new Set(code.flatMap((file) => readText(file).match(/\bAUTHSVC_[A-Z\d_]*[A-Z\d]/g) ?? []));
  const scripts = new Set(Object.keys(JSON.parse(readText('package.json')).scripts));
  const breaches = [
    ...operationsBreaches(readText(page), new Map(sources.map((file) => [file, readText(file)]))),
    ...securityBreaches(readText(securityPage), (file) => (files.includes(file) ? readText(file) : undefined)),
    ...pageBreaches(new Map(pages.map((file) => [file, readText(file)])), { files, settings, scripts }),
    ...readmeBreaches(readText('README.md')),
  ];
  failWith(breaches);
}
