import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { root } from '../support/program.ts';

const commands = (page: string, heading: string) =>
  [
    ...(
      readFileSync(join(root, 'docs', page), 'utf8')
        .split(`## ${heading}\n`)[1]
        ?.split('\n## ')[0] ?? ''
    ).matchAll(/```sh\n([\s\S]*?)```/g),
  ]
    .flatMap(([, block = '']) => block.split('\n'))
    .filter(Boolean);

describe('the recipes of docs/', () => {
  it('hold a backup line without %, which cron takes for a line break', () => {
    expect(commands('operations.md', 'Backup and restore')[0]).toMatch(/^authsvc backup [^%]+$/);
  });

  it('upgrade without the test suite and git: a backup first, then the check, then the switch', () => {
    const lines = commands('deploy.md', 'Upgrade, and going back');
    expect(lines.filter((line) => /npm (run )?test|git /.test(line))).toEqual([]);
    expect(lines[0]).toBe('authsvc backup before-upgrade.db');
    const [check, restart] = ['upgrade --check', 'daemon restart'].map((command) =>
      lines.findIndex((line) => line.includes(command)),
    );
    expect(check).toBeGreaterThan(0);
    expect(restart).toBeGreaterThan(check ?? 0);
  });

  it('go back by that very backup', () => {
    expect(commands('deploy.md', 'Upgrade, and going back')).toContain('authsvc restore before-upgrade.db --yes');
  });
});
