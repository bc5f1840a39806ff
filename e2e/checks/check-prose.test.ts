import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { root } from '../support/program.ts';

interface ProseCheck {
  crowdedFolders(files: readonly string[]): string[];
  proseBreaches(files: readonly string[], read: (file: string) => string): string[];
}

/** The script is a program; only its pure checks are called from here. */
async function load(): Promise<ProseCheck> {
  return (await import(join(root, 'scripts', 'check-prose.mjs'))) as ProseCheck;
}

describe('the check of the prose', () => {
  it('finds wide comments, and words of its list in code and docs', async () => {
    const { proseBreaches } = await load();
    const wide = 'x'.repeat(100);
    const files: Record<string, string> = {
      'a.ts': `// ${wide}\n/** ${wide} */\n * ${wide}\nconst a = '${wide}';\ncall(); // ${wide}\n'https://${wide}'`,
      'b.test.ts': "it('is told', …);\n// Nobody asks\n'nobody@example.com' 'nobody' untold",
      'c.md': `${wide} ${wide}\nWhoever asks somebody in vain`,
      'd.json': 'anew',
    };
    expect(proseBreaches(Object.keys(files), (file) => files[file] ?? '')).toEqual([
      'a.ts:1 has a comment that ends in column 103',
      'a.ts:2 has a comment that ends in column 107',
      'a.ts:3 has a comment that ends in column 103',
      'a.ts:5 has a comment that ends in column 111',
      'b.test.ts:1 says “told”',
      'b.test.ts:2 says “Nobody”',
      'c.md:2 says “Whoever”',
      'c.md:2 says “somebody”',
      'c.md:2 says “in vain”',
    ]);
  });

  it('finds folders with more source files than twenty, not counting tests', async () => {
    const { crowdedFolders } = await load();
    const files = Array.from({ length: 20 }, (_, index) => `a/${index}.ts`);
    expect(crowdedFolders([...files, 'a/0.test.ts', 'a/b/0.ts'])).toEqual([]);
    expect(crowdedFolders([...files, 'a/20.mjs'])).toEqual(['a has 21 source files; at most 20']);
  });
});
