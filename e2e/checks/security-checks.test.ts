import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { root } from '../support/program.ts';

interface Findings {
  readonly problems: string[];
  readonly notices: string[];
}

interface SecurityChecks {
  securityBreaches(text: string, read: (file: string) => string | undefined): string[];
  advisories(log: string): Findings;
  watchedPackages(readManifest: (manifest: string) => object, lockfile: string): Findings;
}

/** The scripts are programs; only their pure checks are called from here. */
async function load(file: string): Promise<SecurityChecks> {
  return (await import(join(root, 'scripts', file))) as SecurityChecks;
}

describe('the check of what shows the security rules', () => {
  const files: Record<string, string> = { 'a.test.ts': "it('refuses %s', …); it('isn\\'t shown', …)" };
  const page = (...cells: string[]) =>
    `| ASVS | What must hold | Shown by |\n|---|---|---|\n${cells.map((cell) => `| 1.2.3 | Something | ${cell} |`).join('\n')}`;

  it('finds tests that are gone, files that are gone, and rows that name nothing', async () => {
    const { securityBreaches } = await load('check-docs.mjs');
    const breaches = (...cells: string[]) => securityBreaches(page(...cells), (file) => files[file]);
    const shown = "`a.test.ts` › “refuses %s” and `a.test.ts` › “isn't shown”";
    expect(breaches(shown, 'Not covered: by nature')).toEqual([]);
    expect(breaches('`a.test.ts` › “refuses %s” › “is gone”', '`b.test.ts` › “refuses %s”', 'somewhere')).toEqual([
      'docs/security.md: 1.2.3 names the test "is gone", which is not in a.test.ts',
      'docs/security.md: 1.2.3 names b.test.ts, which is not there',
      'docs/security.md: 1.2.3 names no test, and its last cell does not begin with "Not covered:"',
    ]);
    expect(securityBreaches('', () => undefined)).toEqual(['docs/security.md has no table']);
  });
});

describe('the dependency audit', () => {
  const advisory = (severity: string) => ({
    severity,
    module_name: 'knex',
    title: 'Injection',
    url: 'https://a.example',
  });

  it('fails for what is moderate or worse, says what is less, and says when it could not ask', async () => {
    const { advisories } = await load('audit.mjs');
    const log = (...severities: string[]) =>
      `npm warn something\n${JSON.stringify({ advisories: Object.fromEntries(severities.map((one, id) => [id, advisory(one)])) })}\n`;
    const text = (severity: string) => `knex (${severity}): Injection, https://a.example`;
    expect(advisories(log())).toEqual({ problems: [], notices: [] });
    expect(advisories(log('low', 'moderate', 'critical'))).toEqual({
      problems: [text('moderate'), text('critical')],
      notices: [text('low')],
    });
    const unanswered = ['The dependency audit did not run: the registry could not be asked for advisories'];
    expect(advisories('{"error":{"code":"ERR_PNPM_AUDIT_BAD_RESPONSE"}}')).toEqual({
      problems: [],
      notices: unanswered,
    });
    expect(advisories('no network')).toEqual({ problems: [], notices: unanswered });
  });

  it('watches the unmaintained packages by name, and finds what is deprecated since', async () => {
    const { watchedPackages } = await load('audit.mjs');
    const manifests = { dependencies: { sqlite3: '6.0.1' }, optionalDependencies: { keytar: '7.9.0' } };
    const { problems, notices } = watchedPackages(() => manifests, '');
    expect([problems, notices]).toEqual([
      [],
      [expect.stringContaining('sqlite3 6.0.1 and keytar 7.9.0 are unmaintained')],
    ]);
    const lockfile =
      "packages:\n\n  '@a/b@1.0.0':\n    resolution: {}\n    deprecated: gone\n\n  sqlite3@6.0.1:\n    deprecated: gone\n\n  c@1.0.0:\n    engines: {}\n";
    expect(watchedPackages(() => ({ dependencies: { sqlite3: '6.1.0' } }), lockfile).problems).toEqual([
      expect.stringMatching(/^sqlite3 is 6\.1\.0, and 6\.0\.1 was looked at last/),
      'keytar is watched as unmaintained and no longer used: take it off the list in scripts/audit.mjs',
      '@a/b is deprecated by its authors',
    ]);
  });
});
