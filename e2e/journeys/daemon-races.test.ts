import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { freePort } from '../../test/free-port.mjs';
import { send } from '../support/http-client.mjs';
import { it } from '../support/journey.ts';
import { isAlive } from '../support/machine.ts';

/** `DAEMON_ROUNDS=100 npx vitest run e2e/journeys/daemon-races.test.ts` is the long run. */
const ROUNDS = Number(process.env.DAEMON_ROUNDS ?? 3);
const STARTS_AT_ONCE = 20;
const ROUND_MS = 30_000;

const email = 'ada@example.com';
const password = 'correct horse battery';

describe('authsvc daemon start, and a command right after it', () => {
  it(`never race, in ${ROUNDS} rounds`, { timeout: 60_000 + ROUNDS * ROUND_MS }, async ({ machine }) => {
    const port = await freePort();
    const env = { AUTHSVC_LISTEN_PORT: String(port), AUTHSVC_URL: `http://127.0.0.1:${port}` };
    const { url } = await machine.start(env);
    await send(url, 'POST /users', { json: { email, password } });
    const { session = '' } = await send(url, 'POST /sessions', { json: { email, password } });
    await machine.stop();

    for (let round = 1; round <= ROUNDS; round += 1) {
      const start = await machine.authsvc(['daemon', 'start'], env);
      const profile = await machine.authsvc(['profile', '--json'], { ...env, AUTHSVC_SESSION: session });
      const stop = await machine.authsvc(['daemon', 'stop']);
      expect({ round, start, profile, stop }).toMatchObject({
        round,
        start: { exitCode: 0 },
        profile: { exitCode: 0, stdout: expect.stringContaining(email) },
        stop: { exitCode: 0, stderr: expect.stringContaining('Stopped') },
      });
    }
  });
});

describe('simultaneous starts', () => {
  it('end in one daemon, and every one of them in success', async ({ machine }) => {
    const starts = Array.from({ length: STARTS_AT_ONCE }, () => machine.authsvc(['daemon', 'start', '--json']));
    const ends = (await Promise.all(starts)).map(({ exitCode, stdout, stderr }) => ({
      exitCode,
      stderr,
      ...(JSON.parse(stdout) as { pid?: number; started?: boolean }),
    }));
    const { pid } = await machine.status();
    expect(ends.map((end) => [end.exitCode, end.pid, end.stderr])).toEqual(ends.map(() => [0, pid, '']));
    expect(ends.filter(({ started }) => started)).toHaveLength(1);
    expect((await readdir(join(machine.dataFolder, 'logs'))).sort()).toEqual(['authsvc.log', 'stderr.log']);
  });
});

describe('after kill -9', () => {
  it('another start works, and what it left behind stands for nobody', async ({ machine }) => {
    const { pid } = await machine.start();
    process.kill(pid, 'SIGKILL');
    await expect.poll(() => isAlive(pid)).toBe(false);
    expect(await readdir(machine.dataFolder)).toContain('control.sock');
    expect(await machine.status()).toMatchObject({ running: false });
    const after = await machine.start();
    expect(after).toMatchObject({ running: true, state: 'running' });
    expect(after.pid).not.toBe(pid);
  });

  it('a process that now has its pid is neither trusted nor killed', async ({ machine }) => {
    const { pid } = await machine.start();
    process.kill(pid, 'SIGKILL');
    await expect.poll(() => isAlive(pid)).toBe(false);
    const bystander = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1e6)'], { stdio: 'ignore' });
    await once(bystander, 'spawn');
    try {
      for (const name of ['authsvc.json', 'authsvc.pid', 'daemon.json']) {
        await writeFile(
          join(machine.dataFolder, name),
          JSON.stringify({ pid: bystander.pid, url: 'http://127.0.0.1:1' }),
        );
      }
      expect(await machine.authsvc(['daemon', 'stop'])).toMatchObject({
        exitCode: 0,
        stderr: '✓ The daemon is not running',
      });
      const { pid: next } = await machine.start();
      expect(next).not.toBe(bystander.pid);
      await machine.stop();
      expect([isAlive(next), isAlive(bystander.pid ?? 0)]).toEqual([false, true]);
    } finally {
      bystander.kill('SIGKILL');
    }
  });
});

describe('a start while another daemon stops', () => {
  it('waits for its end, and is then the one that runs', async ({ machine }) => {
    const { pid, url } = await machine.start();
    const busy = connect(Number(new URL(url).port), '127.0.0.1');
    busy.on('error', () => busy.destroy());
    busy.write(
      'POST /users HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{',
    );
    expect((await send(url, 'GET /health')).status).toBe(200);
    process.kill(pid, 'SIGTERM');
    await expect.poll(async () => (await machine.status()).state, { timeout: 30_000 }).toBe('stopping');
    const start = machine.authsvc(['daemon', 'start', '--json']);
    busy.destroy();
    const { exitCode, stdout } = await start;
    const after = JSON.parse(stdout) as { started: boolean; pid: number };
    expect([exitCode, after.started, isAlive(pid)]).toEqual([0, true, false]);
    expect(await machine.status()).toMatchObject({ running: true, state: 'running', pid: after.pid });
  });
});
