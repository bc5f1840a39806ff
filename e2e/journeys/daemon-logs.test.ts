import { readdir, readFile, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { execa } from 'execa';
import { describe, expect } from 'vitest';
import { send } from '../support/http-client.mjs';
import { it } from '../support/journey.ts';
import { authsvcFile } from '../support/program.ts';

const FAILED_LOGINS = 30;

describe('authsvc daemon logs', () => {
  it('shows lines of the log for a person, and as they are with --json', async ({ machine }) => {
    const { url } = await machine.start();
    await send(url, 'POST /users', { json: { email: 'ada@example.com', password: 'correct horse battery' } });
    const text = await machine.authsvc(['daemon', 'logs', '-n', '1']);
    expect(text).toMatchObject({ exitCode: 0, stderr: '' });
    expect(text.stdout).toMatch(
      /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d INFO {2}user_registered user_id=\S+ email_digest=\S+ address=127\.0\.0\.1$/,
    );
    expect(text.stdout).not.toContain('ada@example.com');

    const all = await machine.authsvc(['daemon', 'logs', '--json']);
    expect(`${all.stdout}\n`).toBe(await readFile(machine.log, 'utf8'));
    for (const line of all.stdout.split('\n')) {
      expect(JSON.parse(line)).toMatchObject({ level: expect.any(String), time: expect.any(String) });
    }
  });

  it('says where to look when there is none', async ({ machine }) => {
    const { exitCode, stdout } = await machine.authsvc(['daemon', 'logs', '--json']);
    expect([exitCode, JSON.parse(stdout)]).toEqual([
      1,
      { error: { code: 'no_log', message: `There is no log at ${machine.log}` } },
    ]);
  });

  it('follows across rotations and misses no line; every file is for its owner alone', async ({ machine }) => {
    const { url } = await machine.start({ AUTHSVC_LOG_FILE_MAX_BYTES: '2000' });
    const follower = execa(process.execPath, [authsvcFile, 'daemon', 'logs', '--json', '-n', '1', '--follow'], {
      env: machine.env,
      extendEnv: false,
      stdin: 'ignore',
      reject: false,
      buffer: false,
    });
    const lines = createInterface({ input: follower.stdout })[Symbol.asyncIterator]();
    try {
      // The line that was there before; after it, the command follows the log.
      await lines.next();
      const digests = [];
      for (let count = 0; count < FAILED_LOGINS; count += 1) {
        const email = `nobody${count}@example.com`;
        expect((await send(url, 'POST /sessions', { json: { email, password: 'wrong password' } })).status).toBe(401);
        const { value } = await lines.next();
        digests.push((JSON.parse(value) as { email_digest: string }).email_digest);
      }
      expect(new Set(digests).size).toBe(FAILED_LOGINS);
    } finally {
      follower.kill('SIGINT');
      await follower;
    }
    const folder = dirname(machine.log);
    const names = (await readdir(folder)).sort();
    expect(names).toEqual(expect.arrayContaining(['authsvc.log', 'authsvc.log.1', 'authsvc.log.2', 'stderr.log']));
    for (const name of names) {
      const { mode, size } = await stat(join(folder, name));
      expect([name, (mode & 0o777).toString(8), size <= 2000]).toEqual([name, '600', true]);
    }
  });
});
