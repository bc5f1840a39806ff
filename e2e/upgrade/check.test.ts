import { createHash } from 'node:crypto';
import { copyFile, mkdir, readdir, readFile, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { queryPostgres } from '../../test/postgres-query.ts';
import { smallDiskObstacle, withSmallDisk } from '../chaos/small-disk.ts';
import { startDaemon } from '../support/daemon.ts';
import { it, makeHome } from '../support/journey.ts';
import { querySqlite } from '../support/own-sqlite.ts';
import { makePostgresDatabase } from '../support/postgres.ts';
import type { Environment } from '../support/program.ts';
import { runAuthsvc } from '../support/run-authsvc.ts';
import { makeOldPostgres, makeOldSqlite } from './old-database.mjs';

const added = [
  '0003-one-time-tokens',
  '0004-role-and-verification',
  '0005-verification',
  '0006-second-factor',
  '0007-notices',
];

async function check(home: string, args: readonly string[] = [], env: Environment = {}) {
  const own = { AUTHSVC_DATA_DIR: join(home, 'data'), ...env };
  const { exitCode, stdout } = await runAuthsvc(['upgrade', '--check', ...args, '--json'], { home, env: own });
  return { exitCode, report: JSON.parse(stdout) };
}

/** What is in a folder, by the digest of each file. */
async function contents(folder: string) {
  const digest = async (name: string) =>
    createHash('sha256')
      .update(await readFile(join(folder, name)))
      .digest('hex');
  const names = await readdir(folder);
  return Object.fromEntries(await Promise.all(names.map(async (name) => [name, await digest(name)])));
}

async function makeOld(home: string) {
  const path = join(home, 'data', 'authsvc.db');
  await makeOldSqlite(path, 1000);
  const backup = join(home, 'before-upgrade.db');
  await querySqlite(path, 'vacuum into ?', [backup]);
  return { path, backup };
}

describe('authsvc upgrade --check', () => {
  it('names what a database lacks, tries it on a copy, and leaves the database as it was', async ({ home }) => {
    const { path, backup } = await makeOld(home);
    const before = await contents(join(home, 'data'));
    expect(await check(home, ['--backup', backup])).toEqual({
      exitCode: 0,
      report: {
        ok: true,
        version: expect.any(String),
        database: `sqlite:${path}`,
        migrations: added,
        trial: { seconds: expect.any(Number), bytes: expect.any(Number) },
        backup: { path: backup, at: expect.any(String) },
        checks: [
          { name: 'migrations', state: 'ok', message: `sqlite:${path} lacks ${added.join(', ')}`, remedy: null },
          {
            name: 'trial',
            state: 'ok',
            message: expect.stringMatching(/^a copy took [\d.]+ s, and has/),
            remedy: null,
          },
          { name: 'backup', state: 'ok', message: '~/before-upgrade.db was written just now', remedy: null },
        ],
      },
    });
    expect(await contents(join(home, 'data'))).toMatchObject(before);
    expect((await readdir(join(home, 'data'))).filter((name) => name.includes('trial'))).toEqual([]);
  });

  it.each([
    ['none', [], 'none is known'],
    ['one of two days ago', ['--backup', 'old.db'], 'which is more than a day'],
    ['one that is no backup', ['--backup', 'diary.db'], 'is not an SQLite database, or is damaged'],
    ['one of the new version', ['--backup', 'new.db'], 'newer version of authsvc (migration 0003-one-time-tokens)'],
  ])('is not content with a backup that is %s', async (_, args, message) => {
    const home = await makeHome();
    const { backup } = await makeOld(home);
    await copyFile(backup, join(home, 'old.db'));
    const twoDaysAgo = Date.now() / 1000 - 2 * 86_400;
    await utimes(join(home, 'old.db'), twoDaysAgo, twoDaysAgo);
    await writeFile(join(home, 'diary.db'), 'a diary');
    await copyFile(backup, join(home, 'new.db'));
    await querySqlite(join(home, 'new.db'), "insert into migrations (name, batch) values ('0003-one-time-tokens', 2)");
    const named = args.map((arg) => (arg.endsWith('.db') ? join(home, arg) : arg));
    const { exitCode, report } = await check(home, named);
    expect([exitCode, report.ok]).toEqual([5, false]);
    expect(report.checks.at(-1)).toMatchObject({
      name: 'backup',
      state: 'problem',
      message: expect.stringContaining(message),
      remedy: 'authsvc backup before-upgrade.db',
    });
  });

  it('knows the backup that its data folder remembers', async ({ home }) => {
    const { path, backup } = await makeOld(home);
    const last = { path: backup, at: new Date(Date.now() - 3 * 3_600_000).toISOString() };
    await writeFile(join(home, 'data', 'backups.json'), JSON.stringify({ database: path, last, folders: [] }));
    const { exitCode, report } = await check(home);
    expect([exitCode, report.backup]).toEqual([0, last]);
    expect(report.checks.at(-1).message).toBe('~/before-upgrade.db was made 3 hours ago');
  });

  it('has nothing to do where the schema is up to date, also while the daemon runs', async ({ home }) => {
    const daemon = await startDaemon({ home });
    const { exitCode, report } = await check(home);
    await daemon.stop();
    expect([exitCode, report.ok, report.migrations, report.trial]).toEqual([0, true, [], null]);
  });

  it('refuses a database of a newer version, one that cannot be migrated, and none at all', async ({ home }) => {
    expect((await check(home)).report).toMatchObject({ error: { code: 'no_database' } });
    const { path, backup } = await makeOld(home);
    await querySqlite(path, 'create table mails (id text)');
    const stuck = await check(home, ['--backup', backup]);
    expect(stuck.exitCode).toBe(5);
    expect(stuck.report.checks[1]).toMatchObject({
      name: 'trial',
      state: 'problem',
      message: expect.stringContaining('table `mails` already exists'),
    });
    expect((await readdir(join(home, 'data'))).filter((name) => name.includes('trial'))).toEqual([]);
    await querySqlite(path, "insert into migrations (name, batch) values ('9999-later', 2)");
    const newer = await check(home);
    expect([newer.exitCode, newer.report.checks]).toEqual([
      5,
      [
        {
          name: 'migrations',
          state: 'problem',
          message: `sqlite:${path} was made by a newer version of authsvc (migration 9999-later)`,
          remedy: 'Install that version, or restore a backup of an older one',
        },
      ],
    ]);
  });

  it('replaces what a killed check left, and leaves nothing itself', async ({ home }) => {
    const { backup } = await makeOld(home);
    const folder = join(home, 'data', 'authsvc.db.upgrade-trial');
    await mkdir(folder);
    await writeFile(join(folder, 'copy.db'), 'half a copy');
    expect((await check(home, ['--backup', backup])).exitCode).toBe(0);
    expect(await readdir(join(home, 'data'))).not.toContain('authsvc.db.upgrade-trial');
  });

  it.skipIf(smallDiskObstacle)('tries nothing on a disk without room for the copy', async ({ home }) => {
    const report = await withSmallDisk(join(home, 'disk'), 60_000_000, async (disk) => {
      const path = join(disk, 'authsvc.db');
      await makeOldSqlite(path);
      return (await check(home, [], { AUTHSVC_DATABASE_URL: `sqlite:${path}` })).report;
    });
    expect([report.ok, report.trial]).toEqual([false, null]);
    expect(report.checks[1].message).toMatch(
      /^not tried: a copy needs 100 MB beside the database, and \d+ MB are free$/,
    );
  });

  it('names the migrations of PostgreSQL, and how to try them', async ({ home }) => {
    const url = await makePostgresDatabase();
    await makeOldPostgres(url);
    const name = new URL(url).pathname.slice(1);
    const { exitCode, report } = await check(home, [], { AUTHSVC_DATABASE_URL: url });
    expect([exitCode, report.ok, report.migrations]).toEqual([0, true, added]);
    expect(report.checks.slice(1)).toMatchObject([
      { name: 'trial', state: 'warning', remedy: `createdb --template=${name} ${name}_trial` },
      { name: 'backup', state: 'warning' },
    ]);
    const applied = await queryPostgres(url, 'select name from migrations');
    expect(applied).toHaveLength(2);
  });
});
