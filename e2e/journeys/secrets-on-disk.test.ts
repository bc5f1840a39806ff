import { readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { findSecretServiceObstacle } from '../../test/secret-service.mjs';
import type { Daemon } from '../support/daemon.ts';
import { findInFiles } from '../support/find-in-files.ts';
import { type Answer, send } from '../support/http-client.mjs';
import { it, serve } from '../support/journey.ts';
import { startRecordingProxy } from '../support/local-server.ts';
import { runAuthsvc } from '../support/run-authsvc.ts';

const email = 'ada@example.com';
const secrets = {
  password: 'canary of the first password',
  newPassword: 'canary of the second password',
  wrongPassword: 'canary of a wrong password',
};

/** Writes the log to a file that the search covers, as a service manager would. */
async function keepLog(home: string, daemon: Daemon) {
  await writeFile(join(home, 'daemon.log'), daemon.stdout() + daemon.stderr());
}

const tokenOf = ({ body }: Answer) => (body as { reset_token: string }).reset_token;

describe('the bytes of every file, in mid-journey and at log level trace', () => {
  it('hold the email, and no password or token that went over HTTP', async ({ home }) => {
    const daemon = await serve(home, { AUTHSVC_LOG_LEVEL: 'trace' });
    const { password, newPassword, wrongPassword } = secrets;
    const call = (target: string, fields: Record<string, string>) => send(daemon.url, target, { json: fields });
    await call('POST /users', { email, password });
    await send(daemon.url, 'POST /users', { form: { email, password: wrongPassword } });
    await call('POST /sessions', { email, password: wrongPassword });
    const first = await call('POST /sessions', { email, password });
    const used = tokenOf(await call('POST /reset_password', { email }));
    await call('PUT /reset_password', { email, reset_token: used, new_password: newPassword });
    await call('PUT /reset_password', { email, reset_token: used, new_password: wrongPassword });
    const open = await send(daemon.url, 'POST /sessions', { form: { email, password: newPassword } });
    await send(daemon.url, 'GET /profile', { session: open.session });
    // Malformed requests, which could make the service print what they hold.
    await send(daemon.url, 'POST /sessions', { raw: `{"email":"${email}","password":"${wrongPassword}"` });
    await call('POST /sessions', { email, password: wrongPassword, [wrongPassword]: '' });
    const unused = tokenOf(await call('POST /reset_password', { email }));
    await keepLog(home, daemon);

    const tokens = { firstSession: first.session ?? '', openSession: open.session ?? '', used, unused };
    expect(Object.values(tokens)).not.toContain('');
    const found = await findInFiles([home], { email, ...tokens, password, newPassword });
    expect(found).toMatchObject({
      firstSession: [],
      openSession: [],
      used: [],
      unused: [],
      password: [],
      newPassword: [],
    });
    expect(found.email).toContainEqual(expect.stringMatching(/authsvc\.db/));
    expect(daemon.stderr()).toContain('"level"');
    expect(daemon.stderr()).not.toContain(wrongPassword);
  });

  it('belong to files that only their owner can read', async ({ daemon }) => {
    await send(daemon.url, 'POST /users', { json: { email, password: secrets.password } });
    const entries = await readdir(daemon.dataFolder, { recursive: true });
    expect(entries).toContain('authsvc.db');
    for (const entry of ['', ...entries]) {
      const { mode } = await stat(join(daemon.dataFolder, entry));
      expect([entry, mode & 0o077]).toEqual([entry, 0]);
    }
  });

  it.skipIf(findSecretServiceObstacle())(
    'hold the email, and no password or token of the command line, which has its session in the keychain',
    async ({ home, secretService, onTestFinished }) => {
      const settings = { AUTHSVC_LOG_LEVEL: 'trace' };
      const daemon = await serve(home, settings);
      const proxy = await startRecordingProxy(daemon.url);
      onTestFinished(proxy.stop);
      const notes: string[] = [];
      const run = async (args: readonly string[], input: string) => {
        const end = await runAuthsvc([...args, '--debug', '--email', email, '--password-stdin'], {
          home,
          env: { AUTHSVC_URL: proxy.url, ...secretService.env },
          input,
        });
        expect(end).toMatchObject({ exitCode: 0 });
        notes.push(end.stdout, end.stderr);
      };
      await run(['register'], secrets.password);
      await run(['login'], secrets.password);
      await run(['reset'], secrets.newPassword);
      await run(['login'], secrets.newPassword);
      await writeFile(join(home, 'terminal.log'), notes.join('\n'));
      await keepLog(home, daemon);

      const sessions = [...proxy.answers().matchAll(/session_id=([\w-]{43})/g)].map(([, token = '']) => token);
      const resets = [...proxy.answers().matchAll(/"reset_token":"([\w-]+)"/g)].map(([, token = '']) => token);
      expect([sessions.length, resets.length]).toEqual([2, 1]);
      const needles = Object.fromEntries(
        [...sessions, ...resets, secrets.password, secrets.newPassword].map((s) => [s, s]),
      );
      const found = await findInFiles([home], { email, ...needles });
      expect(found).toEqual({
        email: expect.arrayContaining([expect.stringMatching(/authsvc\.db/)]),
        ...Object.fromEntries(Object.keys(needles).map((needle) => [needle, []])),
      });
    },
  );
});
