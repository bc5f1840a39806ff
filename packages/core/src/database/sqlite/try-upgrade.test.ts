import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { migrationNames } from '../migrate.ts';
import { openSqliteDatabase } from './open.ts';
import { measureTrialRoom, readSqliteMigrations, tryUpgrade } from './try-upgrade.ts';

async function makeDatabase(): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'authsvc-core-'));
  const database = await openSqliteDatabase(join(folder, 'authsvc.db'));
  onTestFinished(async () => {
    await database.close();
    rmSync(folder, { recursive: true });
  });
  // A table that is only in the WAL, as long as the database is open.
  await database.write.raw('create table written (by_a_daemon)');
  return join(folder, 'authsvc.db');
}

it('migrates a copy of a database that is open, and leaves no file', async () => {
  const path = await makeDatabase();
  const read = () => readFileSync(path);
  const [before, names] = [read(), readdirSync(join(path, '..'))];
  expect(await readSqliteMigrations(path)).toEqual({ missing: migrationNames, unknown: [] });
  expect(await tryUpgrade(path)).toEqual({ tookMs: expect.any(Number), bytes: expect.any(Number) });
  expect(await readSqliteMigrations(path)).toEqual({ missing: migrationNames, unknown: [] });
  expect([read(), readdirSync(join(path, '..'))]).toEqual([before, names]);
});

it('is one at a time', async () => {
  const path = await makeDatabase();
  const trials = await Promise.allSettled([tryUpgrade(path), tryUpgrade(path)]);
  const refused = trials.flatMap((trial) => (trial.status === 'rejected' ? [trial.reason.message] : []));
  expect(refused).toEqual([`another upgrade check of ${path} is under way`]);
});

it('needs room for more than the copy', async () => {
  const { neededBytes, freeBytes } = measureTrialRoom(await makeDatabase());
  expect(neededBytes).toBe(100_000_000);
  expect(freeBytes).toBeGreaterThan(0);
});
