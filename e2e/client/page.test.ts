import { readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Authsvc, createAuthsvc } from '@authsvc/client';
import { createTestUser } from '@authsvc/client/testing';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { freePort } from '../../test/free-port.mjs';
import { type Daemon, startDaemon } from '../support/daemon.ts';
import { send } from '../support/http-client.mjs';
import { startListening } from '../support/listening-program.ts';
import { cleanEnvironment, root } from '../support/program.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';

const shown = ['authsvc.js', 'express.js', 'fastify.js', 'web.js', 'forms.js', 'note.test.js'];
const compilerOptions = {
  target: 'es2023',
  lib: ['es2023'],
  module: 'nodenext',
  types: ['node'],
  strict: true,
  // The page writes JavaScript: what its functions take has no types.
  noImplicitAny: false,
  allowJs: true,
  checkJs: true,
  noEmit: true,
};

let folder: TemporaryFolder;
let daemon: Daemon;
let port: number;
const pageLoad = { 'sec-fetch-mode': 'navigate' };

beforeAll(async () => {
  folder = await makeTemporaryFolder();
  daemon = await startDaemon({ home: folder.path });
  port = await freePort();
  await symlink(join(root, 'e2e', 'node_modules'), join(folder.path, 'node_modules'));
  await writeFile(join(folder.path, 'package.json'), '{"type":"module"}');
  const typeRoots = [join(root, 'node_modules', '@types')];
  await writeFile(
    join(folder.path, 'tsconfig.json'),
    JSON.stringify({ compilerOptions: { ...compilerOptions, typeRoots } }),
  );
  for (const [name, code] of await readSnippets()) {
    const here = code.replaceAll('http://127.0.0.1:4100', daemon.url).replaceAll(/\b3000\b/g, String(port));
    await writeFile(join(folder.path, name), here);
  }
});
afterAll(async () => {
  await daemon?.stop();
  await folder.remove();
});

/** The code of the client's section, by the name of its file. */
async function readSnippets(): Promise<Map<string, string>> {
  const page = await readFile(join(root, 'docs', 'applications.md'), 'utf8');
  const marked = page.matchAll(/<!-- client: (\S+) -->\n```js\n([\s\S]*?)```\n<!-- \/client -->/g);
  return new Map([...marked].map(([, name = '', code = '']) => [name, code]));
}

async function start(name: string) {
  const command = [process.execPath, name];
  const env = cleanEnvironment(folder.path);
  const program = await startListening({ command, folder: folder.path, env, port });
  onTestFinished(async () => {
    await program.stop();
  });
  return `http://127.0.0.1:${port}`;
}

describe('the section of docs/applications.md on the client', () => {
  it('shows six files', async () => {
    expect([...(await readSnippets()).keys()]).toEqual(shown);
  });

  it('passes the compiler', async () => {
    const tsc = join(root, 'node_modules', '.bin', 'tsc');
    const { stdout } = await execa(tsc, ['-p', folder.path], { reject: false });
    expect(stdout).toBe('');
  });

  it.each(['express.js', 'fastify.js'])('has a guarded route in %s, which its test visits', async (name) => {
    const url = await start(name);
    expect(await send(url, 'GET /note')).toMatchObject({ status: 401, code: 'unauthenticated' });
    const { status, headers } = await send(url, 'GET /note', { headers: pageLoad });
    expect([status, headers.location]).toEqual([302, '/login?return_to=%2Fnote']);
    const { stdout } = await execa(process.execPath, ['note.test.js'], { cwd: folder.path });
    expect(stdout).toMatch(/^200 .*"email":"user-\S+@example\.com"/);
  });

  it('has a role in express.js', async () => {
    const ada = await createTestUser({ url: daemon.url });
    const answer = await send(await start('express.js'), 'GET /admin', { headers: { cookie: ada.cookie } });
    expect(answer).toMatchObject({ status: 403, code: 'forbidden' });
  });

  it('has a handler of a web Request in web.js', async () => {
    const { GET }: { GET(request: Request): Promise<Response> } = await import(
      pathToFileURL(join(folder.path, 'web.js')).href
    );
    const ada = await createTestUser({ url: daemon.url });
    const anonymous = await GET(new Request('http://localhost/note'));
    expect(anonymous.headers.get('location')).toBe('/login?return_to=%2Fnote');
    const known = await GET(new Request('http://localhost/note', { headers: { cookie: ada.cookie } }));
    expect(await known.json()).toEqual(ada.user);
  });

  it('has forms that are relayed in forms.js', async () => {
    const url = await start('forms.js');
    const { email, password } = await createTestUser({ url: daemon.url });
    const form = { email, password };
    const { status, headers, session } = await send(url, 'POST /login?return_to=/note?tab=1', { form });
    expect([status, headers.location]).toEqual([303, '/note?tab=1']);
    for (const elsewhere of ['//evil.example', '/%5Cevil.example', '/%09/evil.example', 'https://evil.example']) {
      const answer = await send(url, `POST /login?return_to=${elsewhere}`, { form });
      expect(answer.headers.location).toBe('/note');
    }
    expect(await send(url, 'POST /note', { form: { a: '1' }, session })).toMatchObject({
      status: 200,
      body: { a: '1' },
    });
    const foreign = { 'sec-fetch-site': 'cross-site' };
    expect((await send(url, 'POST /note', { form: { a: '1' }, session, headers: foreign })).status).toBe(403);
    expect((await send(url, 'POST /login', { form, headers: foreign })).status).toBe(403);
    expect((await send(url, 'POST /login', { raw: '' })).text).toContain('email');
    expect((await send(url, 'POST /logout', { session })).session).toBe('');
    expect((await send(url, 'POST /note', { form: { a: '1' }, session })).status).toBe(401);
  });
});

describe('a reset that is relayed in development', () => {
  it('is refused without mail, as the page says', async () => {
    const { email } = await createTestUser({ url: daemon.url });
    const request = { headers: {}, socket: { remoteAddress: '127.0.0.1' } };
    const reset = createAuthsvc({ url: daemon.url }).requestReset(request, { email });
    await expect(reset).rejects.toMatchObject({ statusCode: 403, code: 'reset_delivery_refused' });
    const page = await readFile(join(root, 'docs', 'applications.md'), 'utf8');
    expect(page).toContain('`reset_delivery_refused`');
  });
});

describe('the names on the page', () => {
  it('are those of the client', async () => {
    const { authsvc }: { authsvc: Authsvc } = await import(pathToFileURL(join(folder.path, 'authsvc.js')).href);
    const page = await readFile(join(root, 'docs', 'applications.md'), 'utf8');
    expect(Object.keys(authsvc).filter((name) => !page.includes(name))).toEqual([]);
  });
});
