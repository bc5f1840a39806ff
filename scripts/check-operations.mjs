import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { root } from './root.mjs';

const page = 'docs/operations.md';
/** Where what an operator meets is written; commands that move data explain themselves. */
const folders = ['packages/server/src', 'packages/core/src/adapters'];
const elsewhere = ['copy-database.ts', 'flask-users.ts'];

/**
 * What the code can tell an operator: codes of refusals, events, messages of the log, and sentences with which it does not start. In sentences `…` stands for what changes.
 *
 * @param {ReadonlyMap<string, string>} sources by path
 * @returns {{ names: string[], sentences: string[] }}
 */
export function whatIsTold(sources) {
  const codes = /export const statusOf = \{([\s\S]*?)\n\}/.exec(
    sources.get('packages/server/src/refusal.ts') ?? '',
  )?.[1];
  const types = /export type AuthEventType =([\s\S]*?);/.exec(sources.get('packages/core/src/event.ts') ?? '')?.[1];
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
  // What is put together from parts alone is named by its parts.
  return { names: [...new Set(names)], sentences: [...new Set(sentences)].filter((text) => /[a-z]{3}/.test(text)) };
}

/**
 * @param {string} text of the page
 * @param {ReadonlyMap<string, string>} sources
 * @returns {string[]} one sentence for each breach
 */
export function operationsBreaches(text, sources) {
  const { names, sentences } = whatIsTold(sources);
  if (names.length === 0) return ['the code tells nothing that this check can find'];
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
      .map((name) => `${page} explains \`${name}\`, which is told by nothing`),
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

/** @returns {Map<string, string>} */
function readSources() {
  const files = folders.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((file) => join(folder, file)),
  );
  const own = files.filter((file) => file.endsWith('.ts') && !/\.test\.ts$|testing/.test(file));
  const read = [...own, join('packages', 'core', 'src', 'event.ts')].filter(
    (file) => !elsewhere.some((name) => file.endsWith(name)),
  );
  return new Map(read.map((file) => [file.replaceAll('\\', '/'), readFileSync(join(root, file), 'utf8')]));
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const breaches = operationsBreaches(readFileSync(join(root, page), 'utf8'), readSources());
  for (const breach of breaches) console.error(breach);
  process.exitCode = breaches.length > 0 ? 1 : 0;
}
