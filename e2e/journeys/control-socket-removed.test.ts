import { existsSync } from 'node:fs';
import { mkdir, rename, rm, rmdir } from 'node:fs/promises';
import { describe, expect } from 'vitest';
import { expectEnd, it } from '../support/journey.ts';
import { isAlive } from '../support/machine.ts';

describe('a control socket that is removed under a running daemon', () => {
  it('does not hide the daemon', async ({ machine }) => {
    const { pid } = await machine.start();
    await rm(machine.socket);
    expect(await machine.status()).toMatchObject({ running: true, pid });
  });

  it('is made again, more than once', async ({ machine }) => {
    const { pid } = await machine.start();
    for (let round = 0; round < 2; round += 1) {
      await rm(machine.socket);
      await expect.poll(() => existsSync(machine.socket), { timeout: 10_000 }).toBe(true);
      expect(await machine.status()).toMatchObject({ running: true, pid });
    }
    expect((await machine.authsvc(['daemon', 'stop'])).exitCode).toBe(0);
    expect([isAlive(pid), existsSync(machine.socket)]).toEqual([false, false]);
  });

  it('does not keep another start waiting', async ({ machine }) => {
    const { pid } = await machine.start();
    await rm(machine.socket);
    const { exitCode, stdout } = await machine.authsvc(['daemon', 'start', '--json']);
    expect([exitCode, JSON.parse(stdout)]).toMatchObject([0, { started: false, pid }]);
  });

  it('keeps no operator from the daemon', async ({ machine }) => {
    await machine.start();
    await rm(machine.socket);
    expect((await machine.authsvc(['users', 'list'])).exitCode).toBe(0);
    await rm(machine.socket);
    expect((await machine.authsvc(['users', 'export'])).exitCode).toBe(0);
  });

  it('does not keep it from being stopped', async ({ machine }) => {
    const { pid } = await machine.start();
    await rm(machine.socket);
    expect(await machine.authsvc(['daemon', 'stop'])).toMatchObject({
      exitCode: 0,
      stderr: `✓ Stopped authsvc (pid ${pid})`,
    });
  });

  it('has the process named that holds the folder and cannot make it again', async ({ machine }) => {
    const { pid } = await machine.start();
    process.kill(pid, 'SIGSTOP');
    try {
      await rm(machine.socket);
      const { exitCode, stderr } = await machine.authsvc(['daemon', 'status']);
      expectEnd({ exitCode, stderr }, 3, [
        `✗ ${machine.dataFolder} is held by a process that does not open its control socket (pid ${pid})`,
        '  It is starting, stopping or suspended, or its socket was removed.',
        `  End it: kill ${pid}`,
      ]);
    } finally {
      process.kill(pid, 'SIGCONT');
    }
  });

  it('does not come in the way of what lies in its place', async ({ machine }) => {
    await machine.start();
    await rename(machine.socket, `${machine.socket}.away`);
    await mkdir(machine.socket);
    expect((await machine.authsvc(['daemon', 'status'])).exitCode).toBe(3);
    await rmdir(machine.socket);
    expect(await machine.status()).toMatchObject({ running: true });
  });
});
