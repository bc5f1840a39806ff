import { chmod, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { type LocalService, startLocalService } from '../testing/local-service.ts';

const ada = 'ada@example.com';

let service: LocalService;
let file: string;
let database: string;

beforeEach(async () => {
  service = await startLocalService();
  file = join(service.machine.home, 'copy.db');
  database = join(service.dataFolder, 'authsvc.db');
  await service.register(ada);
});

const emails = async () => {
  const { stdout } = await service.authsvc(['users', 'export']);
  return stdout.match(/[a-z]+@example\.com/g);
};
const refused = (status: number, code: string, message: unknown = expect.any(String)) => ({
  status,
  answer: { error: { code, message } },
  stderr: '',
});

describe('authsvc backup', () => {
  it('copies the database that serves, for its owner alone, and overwrites nothing', async () => {
    const { status, answer } = await service.json(['backup', file]);
    const { size, mode } = await stat(file);
    expect([status, answer, mode & 0o777]).toEqual([0, { path: file, bytes: size }, 0o600]);
    const before = await readFile(file);
    expect(await service.json(['backup', file])).toEqual(
      refused(2, 'invalid_request', expect.stringContaining('is there already, and is not overwritten')),
    );
    expect(await readFile(file)).toEqual(before);
    expect(await service.json(['backup', join(service.machine.home, 'missing', 'copy.db')])).toMatchObject({
      status: 2,
    });
    expect(await service.json(['backup'])).toMatchObject({ status: 2 });
  });

  it('names the file and how to go back to it', async () => {
    expect(await service.authsvc(['backup', file])).toEqual({
      status: 0,
      stdout: '',
      stderr: expect.stringMatching(
        /^✓ Backed up to .*copy\.db \([\d,]+ bytes\)\n {2}To go back to it: authsvc restore /,
      ),
    });
  });
});

describe('authsvc backup --dir', () => {
  const nights = () => join(service.machine.home, 'nights');

  it('makes the folder, names the file by the time, and keeps as many as are asked for', async () => {
    const made: string[] = [];
    for (let night = 0; night < 3; night += 1) {
      const { status, answer, stderr } = await service.json(['backup', '--dir', nights(), '--keep', '2']);
      const { path, bytes, removed } = answer as { path: string; bytes: number; removed: string[] };
      made.push(path);
      expect({ status, answer, stderr }).toEqual({
        status: 0,
        answer: { path: expect.stringMatching(/\/nights\/authsvc-\d{8}T\d{6}Z\.db$/), bytes, removed, not_removed: [] },
        stderr: '',
      });
      expect(removed).toEqual(night < 2 ? [] : [made[0]]);
      expect([(await stat(path)).size, (await stat(path)).mode & 0o777]).toEqual([bytes, 0o600]);
    }
    expect((await readdir(nights())).map((name) => join(nights(), name)).sort()).toEqual(made.slice(1));
  });

  it('prints nothing where there is no terminal, since cron would mail it', async () => {
    const nothing = { status: 0, stdout: '', stderr: '' };
    expect(await service.authsvc(['backup', '--dir', nights()])).toEqual(nothing);
    expect(await service.authsvc(['backup', '--dir', nights()], { onScreen: true })).toMatchObject({
      status: 0,
      stderr: expect.stringMatching(/Backed up to .*nights\/authsvc-/),
    });
  });

  it('ends with 1 and says why, when there is no backup', async () => {
    const folder = join(nights(), 'missing');
    const message = `No backup was made: the backup folder ${folder} cannot be used (ENOENT): there is no folder ${nights()}`;
    expect(await service.json(['backup', '--dir', folder])).toEqual(
      refused(1, 'backup_failed', expect.stringContaining(message)),
    );
    await service.stop();
    const { status, stderr } = await service.authsvc(['backup', '--dir', nights()]);
    expect({ status, stderr }).toEqual({ status: 3, stderr: expect.stringContaining('No daemon runs on') });
  });
});

describe('authsvc restore', () => {
  beforeEach(async () => {
    await service.authsvc(['backup', file]);
    await service.register('late@example.com');
  });

  it('refuses while a daemon runs', async () => {
    expect(await service.json(['restore', file, '--yes'])).toMatchObject(refused(5, 'data_folder_in_use'));
    expect(await emails()).toEqual([ada, 'late@example.com']);
  });

  it('replaces a database only with --yes, and keeps it beside', async () => {
    await service.stop();
    const before = await readFile(database);
    expect(await service.json(['restore', file])).toEqual(
      refused(2, 'input_required', expect.stringContaining(`${database} is there already. With --yes it is replaced`)),
    );
    expect(await readFile(database)).toEqual(before);
    const restored = await service.json(['restore', file, '--yes']);
    const { former } = restored.answer as { former: string };
    expect(restored).toEqual({
      status: 0,
      answer: { database, users: 1, former: expect.stringMatching(/authsvc\.db\.before-restore-\d{8}T\d{6}Z-\w{4}$/) },
      stderr: '',
    });
    expect(await readFile(former)).toEqual(before);
    expect([(await stat(database)).mode & 0o777, (await stat(former)).mode & 0o777]).toEqual([0o600, 0o600]);
  });

  it('puts a backup where there is no database, in a folder for its owner alone', async () => {
    const AUTHSVC_DATA_DIR = join(service.machine.home, 'elsewhere');
    await chmod(file, 0o644);
    expect(await service.json(['restore', file], { env: { AUTHSVC_DATA_DIR } })).toEqual({
      status: 0,
      answer: { database: join(AUTHSVC_DATA_DIR, 'authsvc.db'), users: 1, former: null },
      stderr: '',
    });
    const modes = [AUTHSVC_DATA_DIR, join(AUTHSVC_DATA_DIR, 'authsvc.db')].map(
      async (path) => (await stat(path)).mode & 0o777,
    );
    expect(await Promise.all(modes)).toEqual([0o700, 0o600]);
  });

  it('looks first, and touches nothing for what is no sound backup', async () => {
    await service.stop();
    const before = await readFile(database);
    const folder = (await readdir(service.dataFolder)).sort();
    const whole = await readFile(file);
    const contents = [whole.subarray(0, 20_000), Buffer.from('not a database'), Buffer.alloc(0)];
    for (const content of contents) {
      const path = join(service.machine.home, `broken-${content.length}`);
      await writeFile(path, content);
      expect(await service.json(['restore', path, '--yes'])).toEqual(
        refused(5, 'not_a_backup', expect.stringContaining(path)),
      );
    }
    const missing = join(service.machine.home, 'missing');
    expect(await service.json(['restore', missing, '--yes'])).toEqual(
      refused(5, 'not_a_backup', `there is no backup at ${missing}`),
    );
    expect(await readFile(database)).toEqual(before);
    expect((await readdir(service.dataFolder)).sort()).toEqual(folder);
  });

  it('leaves a PostgreSQL database to its own tools', async () => {
    const env = { AUTHSVC_DATABASE_URL: 'postgres://ada@127.0.0.1/accounts' };
    expect(await service.json(['restore', file, '--yes'], { env })).toMatchObject(refused(5, 'not_sqlite'));
  });
});
