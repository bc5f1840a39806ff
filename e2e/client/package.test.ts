import { join } from 'node:path';
import { runInNewContext } from 'node:vm';
import { execa } from 'execa';
import { rolldown } from 'rolldown';
import { describe, expect, it } from 'vitest';
import { serveLocally } from '../support/local-server.ts';
import { root } from '../support/program.ts';

const tsc = join(root, 'node_modules', '.bin', 'tsc');

/** Bundles a door of the client for a machine of which nothing is known. */
async function bundle(door: string): Promise<string> {
  const bundler = await rolldown({ input: join(root, 'packages', 'client', 'dist', door), platform: 'neutral' });
  const { output } = await bundler.generate({ format: 'iife', name: 'client' });
  await bundler.close();
  const [{ code, imports, dynamicImports }, ...others] = output;
  expect([...imports, ...dynamicImports, ...others]).toEqual([]);
  return code;
}

describe('@authsvc/client', () => {
  it.each(['tsconfig.json', 'tsconfig.web.json'])('has types that a strict project can use: %s', async (project) => {
    const { stdout } = await execa(tsc, ['-p', join(root, 'e2e', 'client', 'types', project)], { reject: false });
    expect(stdout).toBe('');
  });

  it('asks whose request it is where there is no Node, with nothing but what browsers have', async () => {
    const identity = { user: { id: 'an id', email: 'ada@example.com', role: 'user' }, session: { id: 'a session' } };
    const service = await serveLocally((_request, response) => response.end(JSON.stringify(identity)));
    const web = { fetch, URL, Headers, AbortController, TextDecoder, setTimeout, clearTimeout };
    const ask = '({ client, url, request }) => client.createAuthsvc({ url }).whoami(request)';
    const code = `${await bundle('index.js')}; (${ask})({ client, url, request })`;
    const request = new Request('http://localhost/', { headers: { cookie: 'session_id=x' } });
    const answer = await runInNewContext(code, { ...web, url: service.url, request });
    await service.stop();
    expect(answer).toEqual(identity);
  });

  it('has a page in its tarball that says how to use it', async () => {
    const cwd = join(root, 'packages', 'client');
    const { stdout } = await execa('npm', ['pack', '--dry-run', '--json'], { cwd });
    const [{ files }] = JSON.parse(stdout);
    expect(files).toContainEqual(expect.objectContaining({ path: 'README.md' }));
  });

  it('needs no module for the helper of tests either', async () => {
    expect(await bundle('testing.js')).toContain('randomUUID');
  });
});
