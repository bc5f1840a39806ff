import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { en } from './en.ts';

const folder = join(import.meta.dirname, '..');

/** The code of the server, without its tests and the texts themselves. */
const sources = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts') && !/\.test\.ts$|^(testing|texts)\//.test(file))
  .map((file) => readFileSync(join(folder, file), 'utf8'));

const uses = sources.flatMap((source) => [...source.matchAll(/(?<![/\w.])texts((?:\.\w+)+)(\[)?/g)]);
const used = new Set(uses.map(([, path = '']) => path.slice(1)));
/** Tables, of which a text is looked up by a code; their types say that none is missing. */
const tables = new Set(uses.filter(([, , bracket]) => bracket).map(([, path = '']) => path.slice(1)));

/** The path of each text, such as `mails.reset.subject`. */
function pathsOf(group: object): string[] {
  return Object.entries(group).flatMap(([key, value]) =>
    typeof value === 'object' ? pathsOf(value).map((path) => `${key}.${path}`) : [key],
  );
}

describe('the texts', () => {
  it('are each used by its whole path', () => {
    const isUsed = (path: string) =>
      used.has(path) ||
      [...used].some((one) => one.startsWith(`${path}.`)) ||
      [...tables].some((table) => path.startsWith(`${table}.`));
    expect(pathsOf(en).filter((path) => !isUsed(path))).toEqual([]);
  });

  it('are there wherever one is used', () => {
    const paths = pathsOf(en);
    const isText = (one: string) =>
      paths.some((path) => one === path || one.startsWith(`${path}.`) || path.startsWith(`${one}.`));
    expect([...used].filter((one) => !isText(one))).toEqual([]);
  });

  it('are sentences and names, never empty and without blanks around them', () => {
    const wordsOf = (group: object): string[] =>
      Object.values(group).flatMap((value) => (typeof value === 'object' ? wordsOf(value) : [value]));
    for (const text of wordsOf(en).filter((one) => typeof one === 'string')) {
      expect(text).toMatch(/^\S(.*\S)?$/);
    }
  });
});
