import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkBackup } from '@authsvc/core';
import { createFixedClock, createTestAuth, openTestDatabase } from '@authsvc/core/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createBackups } from '../data-folder/backups.ts';
import { answer, json } from '../testing/requests.ts';
import { createTestControlServer, type TestControlServer } from '../testing/test-control-server.ts';

let folder: string;
let recordFolder: string;
let control: TestControlServer;
let close: () => Promise<void>;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'authsvc-backup-'));
  recordFolder = await mkdtemp(join(tmpdir(), 'authsvc-record-'));
  const auth = await createTestAuth({}, openTestDatabase);
  const backups = createBackups({
    database: auth.database,
    sqlitePath: '/not/looked/at.db',
    recordPath: join(recordFolder, 'backups.json'),
    clock: createFixedClock(Date.UTC(2026, 0, 31, 22)),
    onUnrecorded: (error) => control.errors.push(error),
  });
  control = await createTestControlServer({ backups }, auth);
  close = auth.close;
});
afterEach(async () => {
  await control.close();
  await close();
  for (const made of [folder, recordFolder]) await rm(made, { recursive: true });
});

const backUp = async (path: unknown) => answer(await control.server.inject(json({ path }, '/backup')));

describe('POST /backup', () => {
  it('writes a sound copy, which its owner alone can read', async () => {
    const path = join(folder, 'copy.db');
    const { status, body } = await backUp(path);
    const { size, mode } = await stat(path);
    expect({ status, body, mode: mode & 0o777 }).toEqual({ status: 200, body: { path, bytes: size }, mode: 0o600 });
    expect(await checkBackup(path)).toEqual({ users: 0, sessions: 0 });
    expect(await readdir(folder)).toEqual(['copy.db']);
  });

  it('overwrites nothing, and leaves nothing behind where it cannot write', async () => {
    const taken = join(folder, 'taken');
    await writeFile(taken, 'mine');
    const message = `${taken} is there already, and is not overwritten`;
    expect(await backUp(taken)).toEqual({
      status: 400,
      body: { code: 'invalid_request', message, errors: [{ field: 'path', message }] },
    });
    expect(await backUp(join(folder, 'missing', 'copy.db'))).toMatchObject({ status: 400 });
    expect(await backUp(folder)).toMatchObject({ status: 400 });
    expect(await readdir(folder)).toEqual(['taken']);
    expect(control.errors).toEqual([]);
  });

  it('refuses what is no absolute path', async () => {
    for (const path of ['copy.db', '', 5, null, `/${'x'.repeat(5000)}`, '/a\0b']) {
      expect([path, (await backUp(path)).status]).toEqual([path, 400]);
    }
    expect(control.errors).toEqual([]);
  });
});

describe('POST /backup/folder', () => {
  const backUpInto = async (body: object) => answer(await control.server.inject(json(body, '/backup/folder')));

  it('writes a file that is named by the time, into a folder that it makes', async () => {
    const nights = join(folder, 'nights');
    const path = join(nights, 'authsvc-20260131T220000Z.db');
    const { status, body } = await backUpInto({ folder: nights, keep: '2' });
    const { size, mode } = await stat(path);
    expect({ status, body }).toEqual({ status: 200, body: { path, bytes: size, removed: [], not_removed: [] } });
    expect([mode & 0o777, (await stat(nights)).mode & 0o777]).toEqual([0o600, 0o700]);
    expect(await checkBackup(path)).toEqual({ users: 0, sessions: 0 });
  });

  it.each(['0', '-1', '1.5', 'abc', '', '10000', 0, null])('refuses to keep %j', async (keep) => {
    expect(await backUpInto({ folder, keep })).toMatchObject({ status: 400, body: { code: 'invalid_request' } });
    expect(await readdir(folder)).toEqual([]);
  });
});
