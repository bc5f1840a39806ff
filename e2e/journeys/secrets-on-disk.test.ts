import { readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { findSecretServiceObstacle } from '../../test/secret-service.mjs';
import { authenticatorObstacle, enrol, readCode } from '../support/authenticator.ts';
import type { Daemon } from '../support/daemon.ts';
import { findInFiles } from '../support/find-in-files.ts';
import { type Answer, send } from '../support/http-client.mjs';
import { it, serve } from '../support/journey.ts';
import { startRecordingProxy } from '../support/local-server.ts';
import { runAuthsvc } from '../support/run-authsvc.ts';
import { watchArguments } from '../support/watch-arguments.ts';

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

    const [, device = ''] = open.cookies.join('; ').split('authsvc_device=');
    const tokens = { firstSession: first.session ?? '', openSession: open.session ?? '', device, used, unused };
    expect(Object.values(tokens)).not.toContain('');
    const found = await findInFiles([home], { email, ...tokens, password, newPassword });
    expect(found).toMatchObject({
      firstSession: [],
      openSession: [],
      device: [],
      used: [],
      unused: [],
      password: [],
      newPassword: [],
    });
    expect(found.email).toContainEqual(expect.stringMatching(/authsvc\.db/));
    expect(daemon.stderr()).toContain('"level"');
    expect(daemon.stderr()).not.toContain(wrongPassword);
  });

  it.skipIf(authenticatorObstacle)(
    'hold no code of a second factor, and its secret in the database alone',
    async ({ home }) => {
      const daemon = await serve(home, { AUTHSVC_LOG_LEVEL: 'trace' });
      const watch = watchArguments();
      const person = { email, password: secrets.password };
      const { secret, recoveryCodes } = await enrol(daemon.url, person);
      const [spent = '', misplaced = '', renewing = ''] = recoveryCodes;
      const askForCode = async () => {
        const { body } = await send(daemon.url, 'POST /sessions', { json: person });
        return (body as { second_factor_token: string }).second_factor_token;
      };
      const [pending, completed] = [await askForCode(), await askForCode()];
      const code = await readCode(secret, 0);
      const call = (target: string, json: object, session?: string) => send(daemon.url, target, { json, session });
      const opened = await call('POST /sessions/second_factor', { second_factor_token: completed, code: spent });
      await call('POST /sessions/second_factor', { second_factor_token: pending, code: `${code}1` });
      await send(daemon.url, 'POST /login', { form: person });
      const change = { password: secrets.password, code: renewing };
      const renewed = await call('POST /profile/recovery_codes', change, opened.session);
      const { recovery_codes: newCodes } = renewed.body as { recovery_codes: string[] };
      // Where they have no business to be.
      for (const one of [code, misplaced, pending, secret]) {
        await send(daemon.url, `GET /profile?code=${one}`);
        await send(daemon.url, `GET /${one}`);
        await send(daemon.url, 'POST /sessions/second_factor', { raw: `{"code":"${one}"` });
        await call('POST /sessions/second_factor', { second_factor_token: pending, code: [one], [one]: one });
        await send(daemon.url, 'POST /login/code', { form: { second_factor_token: one, code: one } });
      }
      await keepLog(home, daemon);

      const backup = await runAuthsvc(['backup', join(home, 'backup.db')], {
        home,
        env: { AUTHSVC_DATA_DIR: daemon.dataFolder },
      });
      expect(backup).toMatchObject({ exitCode: 0 });
      const exported = await runAuthsvc(['users', 'export'], { home, env: { AUTHSVC_DATA_DIR: daemon.dataFolder } });
      expect(exported.stdout).toContain(email);
      await writeFile(join(home, 'users.jsonl'), exported.stdout);
      const codes = [...recoveryCodes, ...newCodes];
      const hidden = Object.fromEntries(
        [...codes, ...codes.map((one) => one.replaceAll('-', '')), pending].map((one) => [one, one]),
      );
      const found = await findInFiles([home], { ...hidden, secret });
      const inDatabases = expect.stringMatching(/authsvc\.db(-wal)?$|backup\.db$/);
      expect(found.secret?.length).toBeGreaterThan(1);
      for (const file of found.secret ?? []) expect(file).toEqual(inDatabases);
      expect(found).toMatchObject(Object.fromEntries(Object.keys(hidden).map((one) => [one, []])));
      expect(daemon.stderr()).not.toMatch(new RegExp(`(?<!\\d)${code}(?!\\d)`));
      const seen = [...watch.stop()].join(' ');
      expect([secret, ...codes].filter((one) => seen.includes(one))).toEqual([]);
    },
  );

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
