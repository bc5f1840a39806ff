import { mkdir, readdir } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { send } from '../support/http-client.mjs';
import { expectEnd, it } from '../support/journey.ts';
import { serveLocally } from '../support/local-server.ts';
import { isAlive, setUpMachine } from '../support/machine.ts';

const iso = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);

describe('authsvc daemon start', () => {
  it('returns once it listens, with its pipes closed and the daemon alive', async ({ machine }) => {
    const start = await machine.authsvc(['daemon', 'start']);
    const { url, pid } = await machine.status();
    expect(start).toEqual({
      exitCode: 0,
      stdout: '',
      stderr: `✓ authsvc 1.1.0 running at ${url} (pid ${pid})\n  Data ~/data · Logs: authsvc daemon logs`,
    });
    expect(isAlive(pid)).toBe(true);
    expect((await send(url, 'GET /health')).status).toBe(200);
  });

  it('leaves one that runs already as it is', async ({ machine }) => {
    const { pid, url } = await machine.start();
    const { exitCode, stderr } = await machine.authsvc(['daemon', 'start']);
    expect([exitCode, stderr.split('\n')[0]]).toEqual([0, `✓ authsvc 1.1.0 is already running at ${url} (pid ${pid})`]);
    expect((await machine.status()).pid).toBe(pid);
  });

  it('names who holds a taken port, and leaves nothing behind', async ({ machine }) => {
    const { port, stop } = await serveLocally(() => undefined);
    const { exitCode, stdout, stderr } = await machine.authsvc(['daemon', 'start'], {
      AUTHSVC_LISTEN_PORT: String(port),
    });
    await stop();
    expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: '' });
    const [what, why] = stderr.split('\n');
    expect(what).toBe('✗ The daemon ended before it listened (exit status 1)');
    expect(why).toMatch(
      new RegExp(`^ {2}Cannot listen on http://127\\.0\\.0\\.1:${port}: .*\\(pid ${process.pid}\\) listens there`),
    );
    expect(await machine.status()).toEqual({ running: false, data_folder: machine.dataFolder });
    expect(await readdir(join(machine.dataFolder, 'logs'))).toEqual(['authsvc.log']);
  });

  it('prints every setting that is wrong, and ends with 2', async ({ machine }) => {
    const { exitCode, stderr } = await machine.authsvc(['daemon', 'start'], {
      AUTHSVC_LISTEN_PORT: '-1',
      AUTHSVC_BCRYPT_COST: '4',
    });
    expectEnd({ exitCode, stderr }, 2, [
      'AUTHSVC_LISTEN_PORT must be a whole number from 0 to 65535, not "-1"',
      'AUTHSVC_BCRYPT_COST must be a whole number from 10 to 15, not "4"',
      '✗ The daemon ended before it listened (exit status 2)',
      '  AUTHSVC_LISTEN_PORT must be a whole number from 0 to 65535, not "-1".',
    ]);
  });

  it('refuses a data folder whose socket has too long a path, and names the setting', async ({ home }) => {
    await mkdir(join(home, 'x'.repeat(90)));
    const machine = setUpMachine(home, join('x'.repeat(90), 'data'));
    const { exitCode, stderr } = await machine.authsvc(['daemon', 'start']);
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/has a path of \d+ bytes, and this system allows 107; .* AUTHSVC_DATA_DIR/);
  });

  it('says where the folder should be that cannot be made', async ({ machine, home }) => {
    const { exitCode, stderr } = await machine.authsvc(['daemon', 'start'], {
      AUTHSVC_DATA_DIR: join(home, 'no/data'),
    });
    expect({ exitCode, stderr }).toEqual({
      exitCode: 1,
      stderr: `✗ The daemon cannot start\n  The data folder ${home}/no/data cannot be made: there is no folder ${home}/no.`,
    });
  });
});

describe('authsvc daemon stop', () => {
  it('answers what is in flight, refuses what is new, and returns once the process has ended', async ({ machine }) => {
    const { pid, url } = await machine.start();
    const { port } = new URL(url);
    const request = connect(Number(port), '127.0.0.1');
    const answer = new Promise<string>((resolve) => {
      let text = '';
      request.on('data', (chunk) => {
        text += chunk;
      });
      request.on('close', () => resolve(text));
    });
    const body = '{"email":"ada@example.com","password":"correct horse battery"}';
    request.write(
      `POST /users HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n{`,
    );
    await expect.poll(() => request.bytesWritten).toBeGreaterThan(0);
    expect((await send(url, 'GET /health')).status).toBe(200);

    const stop = machine.authsvc(['daemon', 'stop']);
    await expect.poll(async () => (await machine.status()).state, { timeout: 30_000 }).toBe('stopping');
    await expect(send(url, 'GET /health')).rejects.toThrow();
    request.write(body.slice(1));
    expect(await answer).toMatch(/^HTTP\/1\.1 200 OK/);
    expect(await stop).toEqual({ exitCode: 0, stdout: '', stderr: `✓ Stopped authsvc (pid ${pid})` });
    expect(isAlive(pid)).toBe(false);
    expect(await readdir(machine.dataFolder)).not.toContain('control.sock');
  });

  it('has nothing to do where none runs', async ({ machine }) => {
    expect(await machine.authsvc(['daemon', 'stop'])).toEqual({
      exitCode: 0,
      stdout: '',
      stderr: '✓ The daemon is not running',
    });
  });

  it('does not take a daemon that hangs for one that has stopped', async ({ machine }) => {
    const { pid } = await machine.start();
    process.kill(pid, 'SIGSTOP');
    const { exitCode, stdout } = await machine.authsvc(['daemon', 'stop', '--json']);
    process.kill(pid, 'SIGCONT');
    expect([exitCode, JSON.parse(stdout)]).toMatchObject([3, { error: { code: 'daemon_silent' } }]);
    expect(isAlive(pid)).toBe(true);
  });
});

describe('--json of authsvc daemon', () => {
  it('has the shapes that the help pages show', async ({ machine }) => {
    const { dataFolder, log } = machine;
    const json = async (...args: string[]) => {
      const { exitCode, stdout } = await machine.authsvc(['daemon', ...args, '--json']);
      return [exitCode, JSON.parse(stdout)];
    };
    const daemon = {
      state: 'running',
      pid: expect.any(Number),
      version: '1.1.0',
      url: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
      data_folder: dataFolder,
      started_at: iso,
      database: `sqlite:${dataFolder}/authsvc.db`,
      log_file: log,
    };
    const none = { running: false, data_folder: dataFolder };

    expect(await json('status')).toEqual([3, none]);
    expect(await json('start')).toEqual([0, { started: true, ...daemon }]);
    expect(await json('start')).toEqual([0, { started: false, ...daemon }]);
    expect(await json('wait')).toEqual([0, { ready: true, ...daemon }]);
    expect(await json('status')).toEqual([0, { running: true, ...daemon }]);
    expect(await json('restart')).toEqual([0, { started: true, ...daemon }]);
    expect(await json('stop')).toEqual([0, { stopped: true, pid: expect.any(Number) }]);
    expect(await json('stop')).toEqual([0, { stopped: false, pid: null }]);
    expect(await json('wait', '--timeout', '0')).toMatchObject([3, { error: { code: 'daemon_not_ready' } }]);

    const keysInHelp = async (command: string) => {
      const { stdout } = await machine.authsvc(['daemon', command, '--help']);
      // A long answer goes on in the next lines, between two of its keys.
      const whole = stdout.replaceAll(/,\n {3}(?=")/g, ',');
      return [...whole.matchAll(/^ {2}(\{.*\})$/gm)].map(([, shape = '']) => Object.keys(JSON.parse(shape)));
    };
    const keys = Object.keys(daemon);
    expect(await keysInHelp('start')).toEqual([['started', ...keys]]);
    expect(await keysInHelp('restart')).toEqual([['started', ...keys]]);
    expect(await keysInHelp('wait')).toEqual([['ready', ...keys]]);
    expect(await keysInHelp('status')).toEqual([['running', ...keys], Object.keys(none)]);
    expect(await keysInHelp('stop')).toEqual([['stopped', 'pid']]);
  });
});

describe('authsvc', () => {
  it('shows the daemon of this data folder, wherever it listens', async ({ machine }) => {
    expect((await machine.authsvc([])).stdout).toBe(
      'Daemon: ○ not running · Account: none\nGet started:\n  authsvc daemon start\n  authsvc register\n  authsvc login',
    );
    const { url } = await machine.start();
    expect((await machine.authsvc([])).stdout).toBe(
      `Daemon: ● running at ${url} · Account: none\nGet started:\n  authsvc register --url ${url}\n  authsvc login --url ${url}`,
    );
    const { exitCode, stderr } = await machine.authsvc(['profile'], { AUTHSVC_SESSION: 'x'.repeat(43) });
    expect(exitCode).toBe(3);
    expect(stderr).toContain(`Your daemon runs at ${url}: add --url ${url}`);
  });
});
