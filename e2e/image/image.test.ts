import { chmod, chown, mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { freePort } from '../../test/free-port.mjs';
import { send } from '../support/http-client.mjs';
import { NOBODY } from '../support/run-authsvc.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';
import { builderObstacle, type Image, openBuilder } from './builder.ts';
import { startContainer } from './container.ts';

const ada = { email: 'ada@example.com', password: 'correct horse battery' };
const buildMilliseconds = 1_800_000;

describe.skipIf(builderObstacle)('the image', () => {
  let folder: TemporaryFolder;
  let builder: Awaited<ReturnType<typeof openBuilder>>;
  let image: Image;
  let example: Image;
  beforeAll(async () => {
    folder = await makeTemporaryFolder();
    builder = await openBuilder(folder.path);
    image = await builder.build('service');
    example = await builder.build('example');
  }, buildMilliseconds);
  afterAll(async () => {
    await builder?.remove();
    await folder?.remove();
  }, buildMilliseconds);

  /** A volume as an engine makes it for a pod: of root's, with a group that may write. */
  const makeVolume = async (name: string) => {
    const volume = join(folder.path, name);
    await mkdir(volume);
    await chown(volume, 0, NOBODY);
    await chmod(volume, 0o770);
    return volume;
  };
  const start = async (volume: string) => {
    const port = await freePort();
    const url = `http://127.0.0.1:${port}`;
    const settings = {
      AUTHSVC_LISTEN_PORT: String(port),
      AUTHSVC_PUBLIC_URL: `http://localhost:${port}`,
      AUTHSVC_LISTEN_HOST: '127.0.0.1',
    };
    const container = await startContainer({ image, volume, env: settings });
    onTestFinished(async () => {
      await container.stop('SIGKILL');
    });
    await container.waitFor(/authsvc listening on/);
    return { ...container, url };
  };

  it('says how it is run, and is no larger than it need be', () => {
    expect(image.megabytes).toBeLessThan(500);
    expect(image.config).toMatchObject({
      User: '65534:65534',
      Entrypoint: ['authsvc'],
      Cmd: ['serve'],
      Volumes: { '/data': {} },
      ExposedPorts: { '4100/tcp': {} },
      StopSignal: 'SIGTERM',
      Healthcheck: { Test: ['CMD', 'authsvc', 'daemon', 'status'] },
    });
    expect(image.config.Env).toContain('AUTHSVC_LISTEN_HOST=0.0.0.0');
  });

  it('starts with no setting but a refusal that names the one that is missing', async () => {
    const container = await startContainer({ image, volume: await makeVolume('unset') });
    expect(await container.ended).toBe(2);
    expect(container.output()).toContain('set AUTHSVC_PUBLIC_URL');
  });

  it('serves as user 65534 on a read-only root, and keeps its accounts', async () => {
    const volume = await makeVolume('kept');
    const first = await start(volume);
    const status = await readFile(`/proc/${first.pid}/status`, 'utf8');
    for (const line of [/^Uid:\t65534\t/m, /^Gid:\t65534\t/m, /^CapEff:\t0+$/m, /^NSpid:\t\d+\t1$/m]) {
      expect(status).toMatch(line);
    }
    expect((await first.exec(['touch', '/opt/authsvc/x'])).stderr).toContain('Read-only file system');
    expect((await first.exec(image.config.Healthcheck?.Test.slice(1) ?? [])).exitCode).toBe(0);
    expect(await send(first.url, 'POST /users', { json: ada })).toMatchObject({ status: 200 });
    const { session } = await send(first.url, 'POST /sessions', { json: ada });
    expect((await first.exec(['authsvc', 'users', 'list', '--json'])).stdout).toContain(ada.email);
    expect((await first.exec(['authsvc', 'backup', '/data/accounts.db'])).exitCode).toBe(0);
    expect(JSON.parse((await first.exec(['authsvc', 'doctor', '--json'])).stdout)).toMatchObject({ ok: true });

    const asked = performance.now();
    expect(await first.stop()).toBe(0);
    expect(performance.now() - asked).toBeLessThan(10_000);

    const second = await start(volume);
    expect(await send(second.url, 'GET /profile', { session })).toMatchObject({
      status: 200,
      body: { email: ada.email },
    });
    expect(await send(second.url, 'POST /sessions', { json: ada })).toMatchObject({ status: 200 });
  });

  it('restores a backup of its volume', async () => {
    const volume = await makeVolume('restored');
    const first = await start(volume);
    await send(first.url, 'POST /users', { json: ada });
    await first.exec(['authsvc', 'backup', '/data/accounts.db']);
    await first.exec(['authsvc', 'users', 'delete', ada.email, '--yes']);
    await first.stop();
    const env = { AUTHSVC_PUBLIC_URL: 'http://localhost:4100' };
    const restore = await startContainer({ image, volume, env, args: ['restore', '/data/accounts.db', '--yes'] });
    expect([await restore.ended, restore.output()]).toEqual([0, expect.anything()]);
    const second = await start(volume);
    expect(await send(second.url, 'POST /sessions', { json: ada })).toMatchObject({ status: 200 });
  });

  it('holds no compiler, no tests and no development dependency', async () => {
    const { exec } = await start(await makeVolume('looked-at'));
    for (const name of ['g++', 'make', 'python3']) expect((await exec(['which', name])).exitCode).toBe(1);
    // Packages of others may bring their own tests.
    const names = ['-name', 'typescript', '-o', '-name', 'vitest', '-o', '-path', '*/@authsvc/*.test.js'];
    const found = await exec(['find', '/opt/authsvc', ...names]);
    expect(found.stdout).toBe('');
  });

  it('has an example beside it, which serves its page', async () => {
    const port = await freePort();
    const app = await startContainer({ image: example, env: { PORT: String(port), HOST: '127.0.0.1' } });
    onTestFinished(async () => {
      await app.stop('SIGKILL');
    });
    const url = `http://127.0.0.1:${port}`;
    await expect
      .poll(
        () =>
          send(url, 'GET /').then(
            ({ text }) => text,
            () => '',
          ),
        { timeout: 20_000 },
      )
      .toContain('This page is public');
    expect(await readFile(`/proc/${app.pid}/status`, 'utf8')).toMatch(/^Uid:\t65534\t/m);
  });
});
