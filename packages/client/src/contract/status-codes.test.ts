import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { endpoints } from './endpoints.ts';
import { statusOf } from './status-codes.ts';

const root = new URL('../../../../', import.meta.url);
const read = (page: string) => readFileSync(new URL(page, root), 'utf8');
const names = ['README.md', ...readdirSync(new URL('docs', root)).map((name) => `docs/${name}`)];
const pages = names.filter((name) => name.endsWith('.md')).map((name) => [name, read(name)] as const);
const page = read('docs/endpoints.md');

/** The one exception: where applications ask, a missing session is a challenge. */
const challenge = '401 unauthenticated';
const pairs = Object.entries(statusOf).map(([code, status]) => `${status} ${code}`);

describe('docs/endpoints.md', () => {
  it('has every code under its status, and no other', () => {
    const [, table = ''] = /\n## Every code\n([\s\S]*?)\n\[/.exec(page) ?? [];
    const rows = [...table.matchAll(/^\| (\d{3}) \| (.*) \|$/gm)];
    const said = rows.flatMap(([, status, cell = '']) =>
      [...cell.matchAll(/`([a-z_]+)`/g)].map(([, code]) => `${status} ${code}`),
    );
    expect(said.sort()).toEqual([...pairs, challenge].sort());
  });

  it.each(Object.values(endpoints).map(({ method, path }) => `${method} ${path}`))('names %s', (endpoint) => {
    expect(page).toContain(`\`${endpoint}\``);
  });
});

describe('a status before a code', () => {
  it.each(pages)('is the status of that code in %s', (_name, text) => {
    const said = [...text.matchAll(/\b([1-5]\d\d)(?: `[a-z_]+`,)* `([a-z]+(?:_[a-z]+)*)`/g)];
    const known = said.filter(([, , code = '']) => Object.hasOwn(statusOf, code));
    const wrong = known.map(([, status, code]) => `${status} ${code}`);
    expect(wrong.filter((pair) => ![...pairs, challenge].includes(pair))).toEqual([]);
  });
});
