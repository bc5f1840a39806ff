import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { root } from '../support/program.ts';

interface Clone {
  readonly files: readonly string[];
  readonly settings: ReadonlySet<string>;
  readonly scripts: ReadonlySet<string>;
}

interface PagesCheck {
  pageBreaches(pages: ReadonlyMap<string, string>, clone: Clone): string[];
  readmeBreaches(text: string): string[];
}

/** The script is a program; only its pure checks are called from here. */
async function load(): Promise<PagesCheck> {
  return (await import(join(root, 'scripts', 'check-pages.mjs'))) as PagesCheck;
}

const clone = {
  files: ['README.md', 'docs/a.md', 'packages/core/src/log-in.ts'],
  settings: new Set(['AUTHSVC_URL']),
  scripts: new Set(['build']),
};

describe('the check of what pages name', () => {
  it('accepts what is there', async () => {
    const { pageBreaches } = await load();
    const pages = new Map([
      ['README.md', '[a](docs/a.md#the-a-of-it) [docs](docs) [web](https://example.com/x#y) [below](#end)\n## End'],
      [
        'docs/a.md',
        '# The `a` of it\n[up](../README.md)\n`AUTHSVC_URL` `npm run build -- x` `src/log-in.ts` `log-in.ts`',
      ],
    ]);
    expect(pageBreaches(pages, clone)).toEqual([]);
  });

  it('finds links, headings, settings, scripts and files that are not there', async () => {
    const { pageBreaches } = await load();
    const text =
      '[a](b.md) <img src="a.svg" width="9"> [a](../README.md#end) `AUTHSVC_URI` `npm run built` `server/log-in.ts`\n```\n# End\n```';
    expect(
      pageBreaches(
        new Map([
          ['docs/a.md', text],
          ['README.md', '```\n## End\n```'],
        ]),
        clone,
      ),
    ).toEqual([
      'docs/a.md links to b.md, which is not there',
      'docs/a.md links to a.svg, which is not there',
      'docs/a.md links to ../README.md#end, and README.md has no such heading',
      'docs/a.md names the setting AUTHSVC_URI, which is not there',
      'docs/a.md names the script built, which is not there',
      'docs/a.md names the file server/log-in.ts, which is not there',
    ]);
  });

  it('holds the README to its size', async () => {
    const { readmeBreaches } = await load();
    const wide = 'x'.repeat(121);
    expect(readmeBreaches(`${'x'.repeat(120)}\n| ${wide}\n\`\`\`\n${wide}\n\`\`\`\n`)).toEqual([]);
    expect(readmeBreaches(`${wide}${'\n'.repeat(120)}x`)).toEqual([
      'README.md has 121 lines; at most 120',
      'README.md:1 has 121 columns; at most 120',
    ]);
  });
});
