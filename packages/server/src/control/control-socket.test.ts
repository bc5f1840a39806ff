import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ControlSilentError } from '@authsvc/client';
import { askControl, findDaemon, requestStop, watchDaemon } from '@authsvc/client/control';
import { dataPaths } from '@authsvc/client/folders';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadConfig } from '../config/config.ts';
import { type RunningService, startService } from '../service.ts';
import { sendAhead } from '../testing/send-ahead.ts';
import { assertSocketPathFits } from './socket.ts';

describe('the control socket', () => {
  let folder: string;
  let socket: string;
  const running: RunningService[] = [];

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'authsvc-control-'));
    socket = dataPaths(folder).socket;
  });
  afterEach(async () => {
    for (const service of running.splice(0)) await service.close();
    await rm(folder, { recursive: true });
  });

  async function start(): Promise<RunningService> {
    const config = loadConfig({ AUTHSVC_DATA_DIR: folder, AUTHSVC_LISTEN_PORT: '0', AUTHSVC_BCRYPT_COST: '10' });
    const service = await startService(config, { logStream: { write: () => undefined } });
    running.push(service);
    return service;
  }

  it('answers who the daemon is, to its user alone', async () => {
    const { url } = await start();
    expect(await findDaemon(socket)).toEqual({
      state: 'running',
      pid: process.pid,
      version: expect.stringMatching(/^\d+\.\d+\.\d+$/),
      url,
      data_folder: folder,
      started_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      database: `sqlite:${folder}/authsvc.db`,
      log_file: null,
    });
    expect(((await stat(socket)).mode & 0o777).toString(8)).toBe('600');
  });

  it('is not to be reached over TCP', async () => {
    const { url } = await start();
    for (const path of ['/daemon', '/daemon/stop', '/daemon/presence']) {
      expect([path, (await fetch(url + path)).status]).toEqual([path, 404]);
    }
  });

  it('closes a connection that asks on and on without waiting for an answer', async () => {
    await start();
    const received = await sendAhead({ path: socket }, 'GET /daemon HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(500));
    expect(received.split('HTTP/1.1 ').length - 1).toBeLessThanOrEqual(1);
  });

  it('refuses in the form of every refusal', async () => {
    await start();
    expect(await askControl(socket, { method: 'GET', path: '/nothing' })).toEqual({
      status: 404,
      body: { code: 'not_found', message: 'there is nothing at this path' },
    });
    expect(await askControl(socket, { method: 'GET', path: '/daemon/stop' })).toMatchObject({
      status: 405,
      body: { code: 'method_not_allowed' },
    });
  });

  it('passes on a request to stop, and is gone when the service has closed', async () => {
    const service = await start();
    expect(await requestStop(socket)).toEqual({ pid: process.pid, message: 'stopping' });
    await service.stopRequested;
    expect((await findDaemon(socket))?.state).toBe('running');
    await service.close();
    expect(await findDaemon(socket)).toBeUndefined();
    await expect(stat(socket)).rejects.toThrow('ENOENT');
  });

  it('keeps the connection of who watches, also while others come and go', async () => {
    await start();
    const presence = await watchDaemon(socket);
    const ended = presence?.ended.then(() => 'ended');
    expect(await Promise.race([ended, findDaemon(socket).then(() => 'still there')])).toBe('still there');
    presence?.release();
    expect(await ended).toBe('ended');
  });

  it('replaces the socket that a killed daemon left behind', async () => {
    const listen = `require('node:net').createServer().listen(${JSON.stringify(socket)}, () => process.kill(process.pid, 'SIGKILL'))`;
    await once(spawn(process.execPath, ['-e', listen], { stdio: 'ignore' }), 'exit');
    expect((await stat(socket)).isSocket()).toBe(true);
    await start();
    expect((await findDaemon(socket))?.pid).toBe(process.pid);
  });

  it('is not forced upon a file, nor upon a program that listens there', async () => {
    await writeFile(socket, 'notes');
    await expect(start()).rejects.toThrow(`${socket} is in the way of the control socket; remove it`);
    await rm(socket);
    const other = createServer((connection) => connection.end('hello')).listen(socket);
    await once(other, 'listening');
    await expect(start()).rejects.toThrow(`another program listens on the control socket ${socket}`);
    other.close();
  });
});

describe('findDaemon', () => {
  it('tells who does not answer from who is not there', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'authsvc-control-'));
    const socket = join(folder, 'a.sock');
    expect(await findDaemon(socket)).toBeUndefined();
    const mute = createServer().listen(socket);
    await once(mute, 'listening');
    const asked = askControl(socket, { method: 'GET', path: '/daemon', answerMs: 50 });
    await expect(asked).rejects.toThrow(ControlSilentError);
    mute.close();
    await rm(folder, { recursive: true });
  });

  it('asks again where the connection breaks off: one that was killed holds its socket for a moment', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'authsvc-control-'));
    const socket = join(folder, 'a.sock');
    let asked = 0;
    const dying = createServer((connection) => {
      connection.destroy();
      asked += 1;
      if (asked === 3) dying.close();
    }).listen(socket);
    await once(dying, 'listening');
    expect(await findDaemon(socket)).toBeUndefined();
    expect(asked).toBe(3);
    await rm(folder, { recursive: true });
  });
});

describe('assertSocketPathFits', () => {
  it.each([
    ['linux', 107],
    ['darwin', 103],
  ] as const)('holds a path on %s to %d bytes', (platform, longest) => {
    const path = `/${'ä'.repeat(50)}/`.padEnd(longest - 50, 'x');
    expect(Buffer.byteLength(path)).toBe(longest);
    assertSocketPathFits(path, platform);
    expect(() => assertSocketPathFits(`${path}x`, platform)).toThrow(
      `has a path of ${longest + 1} bytes, and this system allows ${longest}; choose a shorter data folder with AUTHSVC_DATA_DIR`,
    );
  });
});
