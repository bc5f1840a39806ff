import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { startDaemon } from '../../support/daemon.ts';
import { send } from '../../support/http-client.mjs';
import { querySqlite } from '../../support/own-sqlite.ts';
import { runAuthsvc } from '../../support/run-authsvc.ts';
import type { Row } from '../row.ts';
import { judge } from '../run-row.ts';

const password = 'correct horse battery';
const MOST_ACCOUNTS = 12;

/** What is done to the files of a daemon that runs; `backup` is an older copy. */
const changes = {
  'all removed': async (file) => {
    for (const suffix of ['', '-wal', '-shm']) await rm(file + suffix);
  },
  'the file removed': async (file) => rm(file),
  'the WAL removed': async (file) => rm(`${file}-wal`),
  'all moved away': async (file) => {
    await mkdir(join(file, '..', 'away'));
    for (const suffix of ['', '-wal', '-shm'])
      await rename(file + suffix, join(file, '..', 'away', `kept.db${suffix}`));
  },
  'an older file put in its place': async (file, backup) => rename(backup, file),
} as const satisfies Record<string, (file: string, backup: string) => Promise<unknown>>;

export const databaseMovedRow: Row<'rounds' | 'writers'> = {
  name: 'database-moved',
  fault: 'The database removed, moved or replaced under the daemon',
  dialects: ['sqlite'],
  sizes: { small: { rounds: 2, writers: 2 }, full: { rounds: 25, writers: 4 } },
  async run({ size, folder, onEnd }) {
    const failures: string[] = [];
    let acknowledged = 0;
    let refused = 0;
    for (let round = 0; round < size.rounds; round += 1) {
      const names = Object.keys(changes) as (keyof typeof changes)[];
      const how = names[round % names.length] ?? 'all removed';
      const fail = (why: string) => failures.push(`${how}: ${why}`);
      const home = join(folder, `round${round}`);
      await mkdir(home);
      const daemon = await startDaemon({ home, settings: { AUTHSVC_LOG_LEVEL: 'info' } });
      onEnd(() => daemon.stop('SIGKILL'));
      const file = join(daemon.dataFolder, 'authsvc.db');
      const env = { AUTHSVC_DATA_DIR: daemon.dataFolder };
      await send(daemon.url, 'POST /users', { json: { email: 'first@example.com', password } });
      const { session } = await send(daemon.url, 'POST /sessions', { json: { email: 'first@example.com', password } });
      const backup = join(home, 'older.db');
      await runAuthsvc(['backup', backup], { home, env });

      const kept: string[] = ['first@example.com'];
      let number = 0;
      let isChanged = false;
      let wanted = 1 + Math.floor(Math.random() * MOST_ACCOUNTS);
      const writer = async () => {
        for (;;) {
          number += 1;
          const email = `user${number}@example.com`;
          const beganAfter = isChanged;
          const { status, code } = await send(daemon.url, 'POST /users', { json: { email, password } });
          if (status === 200 && beganAfter) fail(`a write after it was answered ${status}`);
          else if (status === 200 && !isChanged) kept.push(email);
          else if (code !== 'database_unavailable') {
            if (status !== 200) fail(`a write was answered ${status} ${code}`);
          } else refused += 1;
          if (isChanged) return;
          wanted -= 1;
          if (wanted === 0) {
            await changes[how](file, backup);
            isChanged = true;
          }
        }
      };
      await Promise.all(Array.from({ length: size.writers }, writer));
      acknowledged += kept.length;

      const next = await send(daemon.url, 'POST /users', { json: { email: 'next@example.com', password } });
      if (next.status !== 503) fail(`the next write was answered ${next.status}`);
      const ready = await send(daemon.url, 'GET /ready');
      if (ready.status !== 503) fail(`/ready was answered ${ready.status}`);
      const profile = await send(daemon.url, 'GET /profile', { session });
      if (profile.status !== 200) fail(`a session check was answered ${profile.status}`);
      const lines = daemon.stderr().split('"database_moved"').length - 1;
      if (lines !== 1) fail(`${lines} lines in the log`);
      const doctor = await runAuthsvc(['doctor', '--json'], { home, env });
      if (!/removed, moved or replaced/.test(doctor.stdout)) fail('doctor does not name it');

      const saved = join(home, 'saved.db');
      await runAuthsvc(['backup', saved], { home, env });
      const rows = (await querySqlite(saved, 'select email from users')) as { email: string }[];
      const emails = new Set(rows.map(({ email }) => email));
      const lost = kept.filter((email) => !emails.has(email));
      if (lost.length > 0) fail(`${lost.length} accounts are not in what was saved`);
      await daemon.stop();
    }
    return judge(
      `${Object.keys(changes).join(', ')}, while ${size.writers} registered`,
      size.rounds,
      `${acknowledged} accounts acknowledged before, all in a backup made after; ${refused} × 503 database_unavailable after, and none accepted; one line in the log and doctor named it each time`,
      failures,
    );
  },
};
