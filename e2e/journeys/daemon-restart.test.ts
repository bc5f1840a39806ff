import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, onTestFinished } from 'vitest';
import { expectEnd, it } from '../support/journey.ts';
import { serveLocally } from '../support/local-server.ts';
import { isAlive } from '../support/machine.ts';

async function takenPort(): Promise<number> {
  const { port, stop } = await serveLocally(() => undefined);
  onTestFinished(stop);
  return port;
}

describe('authsvc daemon restart', () => {
  it('keeps the daemon that runs where a setting is wrong, and names every one', async ({ machine }) => {
    const { pid } = await machine.start();
    const { exitCode, stderr } = await machine.authsvc(['daemon', 'restart'], {
      AUTHSVC_LISTEN_PORT: '-1',
      AUTHSVC_BCRYPT_COST: '4',
    });
    expectEnd({ exitCode, stderr }, 2, [
      'AUTHSVC_LISTEN_PORT must be a whole number from 0 to 65535, not "-1"',
      'AUTHSVC_BCRYPT_COST must be a whole number from 10 to 15, not "4"',
      '✗ The daemon was not restarted',
      '  AUTHSVC_LISTEN_PORT must be a whole number from 0 to 65535, not "-1".',
      `  The running daemon was left as it is (pid ${pid}): correct the settings, and try again`,
    ]);
    expect((await machine.status()).pid).toBe(pid);
  });

  it.for([
    ['a port that is taken', async () => ({ AUTHSVC_LISTEN_PORT: String(await takenPort()) }), 'listens there'],
    [
      'an address of another machine',
      async () => ({ AUTHSVC_LISTEN_HOST: '192.0.2.1', AUTHSVC_PUBLIC_URL: 'https://a.example' }),
      'does not have that address',
    ],
    [
      'a database server that is not there',
      async () => ({ AUTHSVC_DATABASE_URL: 'postgres://authsvc@127.0.0.1:1/authsvc?sslmode=disable' }),
      '127.0.0.1:1',
    ],
    [
      'a database in no folder',
      async (home: string) => ({ AUTHSVC_DATABASE_URL: `sqlite:${home}/none/a.db` }),
      '/none',
    ],
    [
      'a file that is no database',
      async (home: string) => {
        await writeFile(join(home, 'text.db'), 'name,email\n');
        return { AUTHSVC_DATABASE_URL: `sqlite:${home}/text.db` };
      },
      'text.db',
    ],
  ] as const)(
    'keeps the daemon that runs where the settings name %s',
    async ([, settings, says], { machine, home }) => {
      const { pid } = await machine.start();
      const { exitCode, stderr } = await machine.authsvc(['daemon', 'restart'], await settings(home));
      expect([exitCode, stderr.split('\n')[0]]).toEqual([1, '✗ The daemon was not restarted']);
      expect(stderr).toContain(says);
      expect(stderr).not.toContain('unexpected');
      expect(isAlive(pid)).toBe(true);
      expect((await machine.status()).pid).toBe(pid);
    },
  );

  it('takes the port of the daemon that it stops', async ({ machine }) => {
    const { pid, url } = await machine.start();
    const { port } = new URL(url);
    const { exitCode } = await machine.authsvc(['daemon', 'restart'], { AUTHSVC_LISTEN_PORT: port });
    expect(exitCode).toBe(0);
    const after = await machine.status();
    expect([after.url, after.pid === pid]).toEqual([url, false]);
  });

  it('starts one where none runs', async ({ machine }) => {
    expect((await machine.authsvc(['daemon', 'restart'])).exitCode).toBe(0);
    expect((await machine.status()).running).toBe(true);
  });
});

describe('authsvc daemon start, where one runs already', () => {
  it('says that the settings given now are wrong', async ({ machine }) => {
    const { pid } = await machine.start();
    const { exitCode, stderr } = await machine.authsvc(['daemon', 'start'], { AUTHSVC_BCRYPT_COST: '4' });
    expect([exitCode, stderr.split('\n')[0]]).toEqual([
      0,
      '! AUTHSVC_BCRYPT_COST must be a whole number from 10 to 15, not "4"; the running daemon keeps the settings it was started with',
    ]);
    expect((await machine.status()).pid).toBe(pid);
  });
});
