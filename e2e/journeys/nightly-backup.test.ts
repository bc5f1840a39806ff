import { mkdir, readdir, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { fakeClockObstacle, makeFakeClock } from '../chaos/fake-clock.ts';
import { mountSmallDisk, smallDiskObstacle } from '../chaos/small-disk.ts';
import type { Daemon } from '../support/daemon.ts';
import { send } from '../support/http-client.mjs';
import { it, serve } from '../support/journey.ts';
import { querySqlite } from '../support/own-sqlite.ts';
import { runAuthsvc } from '../support/run-authsvc.ts';

const passwordHash = '$2b$10$g2u5MKkMbStSqvykxyst7.rm.rSFhos1RTVGc4/at1KST3ddIzOrq';
const DISK_BYTES = 33_554_432;
const NIGHTS = 30;
const KEEP = 7;
const FULL = [5, 12, 20];
const TWO_AT_ONCE = [3, 10, 22];
const BY_COMMAND = [0, 5, 29];

/** Days from the first night: right, but for three nights ahead and three behind. */
function clockOf(night: number): number {
  if (night >= 9 && night < 12) return night + 365;
  if (night >= 16 && night < 19) return night - 400;
  return night;
}

describe.skipIf(fakeClockObstacle ?? smallDiskObstacle)('a month of nightly backups', () => {
  it('keeps the newest and all that is not its own, through full disks, two at once and a wrong clock', async ({
    home,
    otherMachine,
  }) => {
    const clock = makeFakeClock(home);
    const daemon = await serve(home, clock.environment);
    const path = join(home, 'disk');
    await mkdir(path);
    const disk = mountSmallDisk(path, DISK_BYTES);
    try {
      const newest = await tryMonth(home, daemon, clock, disk, join(path, 'nights'));
      expect(await otherMachine.authsvc(['restore', newest, '--json'])).toMatchObject({ exitCode: 0 });
    } finally {
      disk.unmount();
    }
    await otherMachine.start();
    // Not what the database held when it was copied: this machine has made no backup.
    const doctor = JSON.parse((await otherMachine.authsvc(['doctor', '--json'])).stdout) as { checks: object[] };
    const message = 'none is known of this database';
    expect(doctor.checks).toContainEqual(expect.objectContaining({ name: 'backup', state: 'warning', message }));
    const { stdout } = await otherMachine.authsvc(['users', 'export']);
    const emails = stdout.split('\n').map((line) => (JSON.parse(line) as { email: string }).email);
    expect(emails.sort()).toEqual(Array.from({ length: NIGHTS }, (_, night) => `night${night}@example.com`).sort());
  }, 300_000);
});

/** Returns the path of the newest backup. */
async function tryMonth(
  home: string,
  daemon: Daemon,
  clock: ReturnType<typeof makeFakeClock>,
  disk: ReturnType<typeof mountSmallDisk>,
  folder: string,
): Promise<string> {
  const names = async () => (await readdir(folder)).sort();
  const env = { AUTHSVC_DATA_DIR: daemon.dataFolder };
  const command = () => runAuthsvc(['backup', '--dir', folder, '--keep', `${KEEP}`], { home, env });
  const ask = () => send(daemon.control, 'POST /backup/folder', { json: { folder, keep: `${KEEP}` } });
  const addAccount = async (night: number) => {
    const raw = JSON.stringify({ email: `night${night}@example.com`, password_hash: passwordHash });
    const headers = { 'content-type': 'application/x-ndjson' };
    expect((await send(daemon.control, 'POST /users/import', { headers, raw })).status).toBe(200);
  };

  // Put there by other hands, by names that look like ours.
  await mkdir(folder, { mode: 0o700 });
  const foreign = ['authsvc-20200101T030000Z.db', 'authsvc-20200102T030000Z.db', 'notes.txt'];
  const [copy, link, notes] = foreign.map((name) => join(folder, name)) as [string, string, string];
  expect((await send(daemon.control, 'POST /backup', { json: { path: copy } })).status).toBe(200);
  await symlink(copy, link);
  await writeFile(notes, 'mine');

  const made: { name: string; accounts: number }[] = [];
  for (let night = 0; night < NIGHTS; night += 1) {
    clock.moveTo(clockOf(night));
    await addAccount(night);
    const before = await names();
    const isFull = FULL.includes(night);
    if (isFull) await disk.fill();
    if (BY_COMMAND.includes(night)) {
      const { exitCode, stdout, stderr } = await command();
      expect([night, exitCode, stdout]).toEqual([night, isFull ? 1 : 0, '']);
      expect(stderr).toMatch(isFull ? /^✗ No backup was made: .* the disk is full\n/ : /^$/);
    } else {
      const asked = TWO_AT_ONCE.includes(night) ? [ask(), ask()] : [ask()];
      const answers = (await Promise.all(asked)).map(({ status }) => status).sort();
      const expected = isFull ? [400] : [200, 400].slice(0, asked.length);
      expect([night, answers]).toEqual([night, expected]);
    }
    if (isFull) {
      expect([night, await names()]).toEqual([night, before]);
      await disk.empty();
      continue;
    }
    const [name = '', ...more] = (await names()).filter((one) => !before.includes(one));
    expect([night, more]).toEqual([night, []]);
    made.push({ name, accounts: night + 1 });
    const kept = made.slice(-KEEP).map((one) => one.name);
    expect([night, await names()]).toEqual([night, [...foreign, ...kept].sort()]);
  }

  for (const { name, accounts } of made.slice(-KEEP)) {
    expect((await stat(join(folder, name))).mode & 0o777).toBe(0o600);
    const rows = await querySqlite(join(folder, name), 'SELECT count(*) AS accounts FROM users');
    expect([name, rows]).toEqual([name, [{ accounts }]]);
  }
  return join(folder, made.at(-1)?.name ?? '');
}
