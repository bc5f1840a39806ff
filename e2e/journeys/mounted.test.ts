import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { freePort } from '../../test/free-port.ts';
import { type Daemon, startDaemon } from '../support/daemon.ts';
import { send } from '../support/http-client.ts';
import { runAuthsvc } from '../support/run-authsvc.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';

const email = 'ada@example.com';
const password = 'correct horse battery';

let folder: TemporaryFolder;
let daemon: Daemon;

beforeEach(async () => {
  folder = await makeTemporaryFolder();
  const port = await freePort();
  daemon = await startDaemon({
    home: folder.path,
    settings: { AUTHSVC_LISTEN_PORT: String(port), AUTHSVC_PUBLIC_URL: `http://localhost:${port}/auth` },
  });
});
afterEach(async () => {
  await daemon.stop();
  await folder.remove();
});

describe('a daemon below a path', () => {
  it('is used from the terminal by its public URL, and by its own address', async () => {
    const mounted = `${daemon.url}/auth`;
    const run = (...args: string[]) =>
      runAuthsvc([...args, '--json'], { home: folder.path, input: password, env: { AUTHSVC_STORAGE: 'file' } });
    for (const command of ['register', 'login']) {
      const { exitCode } = await run(command, '--url', mounted, '--email', email, '--password-stdin');
      expect([command, exitCode]).toEqual([command, 0]);
    }
    const profile = await run('profile', '--url', mounted);
    expect(JSON.parse(profile.stdout)).toMatchObject({ email, server: mounted });
    expect((await run('profile', '--url', daemon.url)).exitCode).toBe(4);
    const { status } = await send(daemon.url, 'POST /sessions', { json: { email, password } });
    expect(status).toBe(200);
  });
});
