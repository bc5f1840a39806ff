import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { root } from '../support/program.ts';

const page = readFileSync(join(root, 'docs', 'operations.md'), 'utf8');
const commands = (heading: string) =>
  [...(page.split(`## ${heading}\n`)[1]?.split('\n## ')[0] ?? '').matchAll(/```sh\n([\s\S]*?)```/g)]
    .flatMap(([, block = '']) => block.split('\n'))
    .filter(Boolean);

describe('the recipes of docs/operations.md', () => {
  it('hold a backup line without %, which cron takes for a line break', () => {
    expect(commands('Backup and restore')[0]).toMatch(/^authsvc backup [^%]+$/);
  });

  it('upgrade without the test suite, from a backup first', () => {
    const lines = commands('Upgrade, and going back');
    expect(lines.filter((line) => /npm (run )?test/.test(line))).toEqual([]);
    expect(lines[0]).toBe('authsvc backup before-upgrade.db');
  });

  it('go back by that very backup', () => {
    expect(commands('Upgrade, and going back')).toContain('authsvc restore before-upgrade.db --yes');
  });
});
