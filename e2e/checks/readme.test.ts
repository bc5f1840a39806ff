import { readFileSync } from 'node:fs';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { execa } from 'execa';
import { describe, expect } from 'vitest';
import { send } from '../support/http-client.mjs';
import { it, serve } from '../support/journey.ts';
import { cleanEnvironment, root } from '../support/program.ts';
import { runAuthsvc } from '../support/run-authsvc.ts';

const read = (page: string) => readFileSync(join(root, page), 'utf8');
const readme = read('README.md');
const endpoints = read('docs/endpoints.md').replaceAll(/\s+/g, ' ');
const credentials = { email: 'ada@example.com', password: 'correct horse battery' };

describe('the README', () => {
  it('asks for the Node that the packages ask for', () => {
    const { engines } = JSON.parse(read('package.json'));
    expect(readme).toContain(`${engines.node.replace('>=', '')} or newer`);
  });

  it('goes live by commands that work as they stand', async ({ home, onTestFinished }) => {
    const [, block = ''] = /\n## Go live\n[\s\S]*?```sh\n([\s\S]*?)```/.exec(readme) ?? [];
    await writeFile(join(home, 'smtp-url'), 'smtps://user:password@mail.example.com', { mode: 0o600 });
    onTestFinished(async () => {
      await runAuthsvc(['daemon', 'stop'], { home });
    });
    const env = cleanEnvironment(home, {
      AUTHSVC_LISTEN_PORT: '0',
      // The doctor would wait for a keychain, which is not what is tested.
      AUTHSVC_STORAGE: 'file',
      PATH: [join(root, 'node_modules', '.bin'), process.env.PATH].join(delimiter),
    });
    // No systemd runs for the tests: what would start the unit starts the service.
    const stubs = 'systemctl() { authsvc daemon start; }; loginctl() { :; }';
    await execa('bash', ['-euc', `${stubs}\n${block}`], { cwd: home, env, extendEnv: false });
    const unit = await readFile(join(home, '.config/systemd/user/authsvc.service'), 'utf8');
    expect(unit).toContain('"AUTHSVC_PUBLIC_URL=https://app.example.com/auth"');
    expect(unit).toContain(`"AUTHSVC_SMTP_URL_FILE=${home}/smtp-url"`);
    expect(await readdir(join(home, '.config/systemd/user'))).toContain('authsvc-backup.timer');
    expect(await readdir(join(home, 'backups'))).toEqual([expect.stringMatching(/^authsvc-\d{8}T\d{6}Z\.db$/)]);
  });

  it.for([
    ['http', {}],
    ['https', { AUTHSVC_PUBLIC_URL: 'https://auth.example.com' }],
  ] as const)(
    'and docs/endpoints.md name the cookie that a login sets under %s',
    async ([scheme, settings], { home }) => {
      const daemon = await serve(home, settings);
      await send(daemon.url, 'POST /users', { json: credentials });
      const { headers } = await send(daemon.url, 'POST /sessions', { json: credentials });
      const [name = ''] = headers['set-cookie']?.[0]?.split('=') ?? [];
      expect(name).toMatch(/session_id$/);
      expect(endpoints).toContain(`\`${name}\``);
      if (scheme === 'https') expect(readme).toContain(`\`${name}\``);
    },
  );
});

describe('docs/endpoints.md', () => {
  it('says that registering tells whether an address is taken, as it does', async ({ daemon }) => {
    await send(daemon.url, 'POST /users', { json: credentials });
    const { body } = await send(daemon.url, 'POST /users', { json: credentials });
    expect(endpoints).toContain(`registering says \`${(body as { code: string }).code}\``);
  });

  it('claims the same answer for known and unknown addresses of a login and a reset alone', () => {
    const sentences = endpoints
      .split(/(?<=[.!?]) /)
      .filter((sentence) => /whether or not an account exists/.test(sentence));
    expect(sentences).toEqual([expect.stringMatching(/A login, and a reset by mail or operator, /)]);
  });
});
