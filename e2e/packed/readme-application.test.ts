import { readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort } from '../../test/free-port.mjs';
import { type Daemon, startDaemon } from '../support/daemon.ts';
import { mustSend, send } from '../support/http-client.mjs';
import { type ListeningProgram, startListening } from '../support/listening-program.ts';
import { cleanEnvironment, root } from '../support/program.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';

const readme = readFileSync(join(root, 'README.md'), 'utf8');
const [, section = ''] = /\n## Add it to your app\n([\s\S]*?)\n## /.exec(readme) ?? [];
const [, packLine = '', installLine = ''] = /```sh\n(.*)\n(.*)\n```/.exec(section) ?? [];
const [, program = ''] = /```js\n([\s\S]*?)```/.exec(section) ?? [];

/** What the network and its certificates need. */
const network = Object.fromEntries(
  ['NODE_EXTRA_CA_CERTS', 'HTTPS_PROXY', 'https_proxy', 'NO_PROXY', 'no_proxy'].flatMap((name) => {
    const value = process.env[name];
    return value === undefined ? [] : [[name, value]];
  }),
);

const credentials = { email: 'ada@example.com', password: 'correct horse battery' };
const pageLoad = { accept: 'text/html', 'sec-fetch-mode': 'navigate' };

describe('the application in the README', () => {
  let home: TemporaryFolder;
  let daemon: Daemon;
  let application: ListeningProgram;
  let url: string;

  beforeAll(async () => {
    home = await makeTemporaryFolder();
    const [env, folder] = [cleanEnvironment(home.path, network), join(home.path, 'application')];
    const type = (line: string, cwd: string) => execa('bash', ['-euc', line], { cwd, env, extendEnv: false });
    await type(packLine, root);
    await mkdir(folder);
    await writeFile(join(folder, 'package.json'), '{"private":true}');
    await type(installLine, folder);

    daemon = await startDaemon({ home: home.path });
    await mustSend(daemon.url, 'POST /users', { json: credentials });
    const port = await freePort();
    url = `http://127.0.0.1:${port}`;
    const own = program.replace(':4100', `:${new URL(daemon.url).port}`).replace('listen(3000)', `listen(${port})`);
    await writeFile(join(folder, 'app.mjs'), own);
    application = await startListening({ command: [process.execPath, 'app.mjs'], folder, env, port });
  });
  const loginPage = () => `${daemon.url}/login?return_to=${encodeURIComponent(`${url}/`)}`;
  afterAll(async () => {
    await application?.stop();
    await daemon?.stop();
    await home.remove();
  });

  it('sends a page load without a session to the login page, and refuses anything else', async () => {
    const { status, headers } = await send(url, 'GET /', { headers: pageLoad });
    expect([status, headers.location]).toEqual([302, loginPage()]);
    expect((await send(url, 'GET /')).status).toBe(401);
  });

  it('has the user back after a login, greets by email, and keeps a row for the id', async () => {
    const { pathname, search } = new URL(loginPage());
    const { status, headers, session } = await send(daemon.url, `POST ${pathname}${search}`, { form: credentials });
    expect([status, headers.location]).toEqual([303, `${url}/`]);
    for (const visit of [1, 2]) {
      const { text } = await send(url, 'GET /', { session, headers: pageLoad });
      expect(text).toBe(`Hello ada@example.com, this is visit ${visit}`);
    }
  });

  it('lets no user in while the service is away', async () => {
    const { session } = await send(daemon.url, 'POST /sessions', { form: credentials });
    await daemon.stop();
    expect((await send(url, 'GET /', { session, headers: pageLoad })).status).toBe(503);
  });
});
