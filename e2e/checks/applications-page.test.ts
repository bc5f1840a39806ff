import { readFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { backendsObstacle, startFlask } from '../examples/backends.ts';
import { type Daemon, startDaemon } from '../support/daemon.ts';
import type { ListeningProgram } from '../support/listening-program.ts';
import { authsvcFile, cleanEnvironment, root } from '../support/program.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';

const readText = (file: string) => readFile(join(root, file), 'utf8');

/** The script that writes the examples into the page; only what computes is called from here. */
async function loadScript(): Promise<{ withExamples(page: string, read: (file: string) => string): string }> {
  return await import(join(root, 'scripts', 'write-tables.mjs'));
}

const shown = [
  'examples/nginx/prefix-stripped.conf',
  'examples/caddy/prefix-stripped.Caddyfile',
  'examples/flask/app.py',
  'examples/go/main.go',
  'examples/react/main.jsx',
  'examples/react/vite.config.js',
];

describe('docs/applications.md', () => {
  it('shows the files of examples/; npm run write:examples puts them there', async () => {
    const { withExamples } = await loadScript();
    const page = await readText('docs/applications.md');
    const files = new Map(await Promise.all(shown.map(async (file) => [file, await readText(file)] as const)));
    const used: string[] = [];
    const expected = withExamples(page, (file) => {
      used.push(file);
      return files.get(file) ?? '';
    });
    expect([...new Set(used)]).toEqual(shown);
    expect(page).toBe(expected);
  });

  it.each([
    ['nginx', 'conf', 'proxy_pass http://127.0.0.1:4100;'],
    ['caddy', 'Caddyfile', 'handle /auth/*'],
  ])('says in what the examples of %s differ', async (proxy, ending, change) => {
    const [stripped = [], kept = []] = await Promise.all(
      ['stripped', 'kept'].map(async (which) =>
        (await readText(`examples/${proxy}/prefix-${which}.${ending}`)).split('\n').slice(1),
      ),
    );
    const changed = kept.filter((line, index) => line !== stripped[index]);
    expect(changed).toEqual([expect.stringContaining(change)]);
    expect(await readText('docs/applications.md')).toContain(change);
  });
});

describe.skipIf(backendsObstacle)('its test user', () => {
  let home: TemporaryFolder;
  let daemon: Daemon;
  let flask: ListeningProgram & { readonly port: number };
  beforeAll(async () => {
    home = await makeTemporaryFolder();
    daemon = await startDaemon({ home: home.path });
    flask = await startFlask(home.path, { AUTHSVC_INTERNAL_URL: daemon.url });
  });
  afterAll(async () => {
    await flask?.stop();
    await daemon?.stop();
    await home.remove();
  });

  it('is made, logged in and shown by three lines', async () => {
    const page = await readText('docs/applications.md');
    const [, lines = ''] = /<!-- test user -->\n```sh\n([\s\S]*?)```/.exec(page) ?? [];
    const command = `authsvc() { "${process.execPath}" "${authsvcFile}" "$@"; }\n`;
    const { stdout } = await execa('sh', ['-ec', command + lines.replace(':3000/', `:${flask.port}/`)], {
      env: cleanEnvironment(home.path, { AUTHSVC_URL: daemon.url, PATH: `${process.env.PATH}${delimiter}/usr/bin` }),
      extendEnv: false,
    });
    expect(lines.trim().split('\n')).toHaveLength(3);
    expect(stdout).toContain('Hello, test@example.com');
  });
});
