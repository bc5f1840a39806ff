import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { queryPostgres } from '../../test/postgres-query.ts';
import { type Cluster, startCluster } from '../support/cluster.ts';
import type { Answer } from '../support/http-client.mjs';
import { nginxObstacle } from '../support/nginx.ts';
import { runAuthsvc } from '../support/run-authsvc.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';

const password = 'correct horse battery';
const newPassword = 'staple after staple';
/** `AUTHSVC_E2E_ROUNDS=1000` is the run that the documentation speaks of. */
const rounds = Number(process.env.AUTHSVC_E2E_ROUNDS ?? 40);
const longestRoundsMs = 120_000 + rounds * 1000;

describe.skipIf(nginxObstacle)('two instances behind nginx, on one PostgreSQL database', () => {
  let folder: TemporaryFolder;
  let cluster: Cluster;

  beforeAll(async () => {
    folder = await makeTemporaryFolder();
    cluster = await startCluster(folder.path, { instanceCount: 2 });
  });
  afterAll(async () => {
    await cluster?.stop();
    await folder.remove();
  });

  const register = (email: string) => cluster.send('POST /users', { json: { email, password } });
  const logIn = (email: string, secret = password) =>
    cluster.send('POST /sessions', { json: { email, password: secret } });
  const statusOf = async (answer: Promise<Answer>) => (await answer).status;

  it('serve a whole journey, wherever each step goes', async () => {
    const email = 'ada@example.com';
    expect(await statusOf(register(email))).toBe(200);
    const { status, session, headers } = await logIn(email);
    expect(status).toBe(200);
    expect(headers['set-cookie']?.[0]).toMatch(/^__Host-session_id=[\w-]{43}; .*Secure/);
    for (let step = 0; step < 4; step += 1) {
      expect(await cluster.send('GET /profile', { session })).toMatchObject({ status: 200, body: { email } });
    }
  });

  it(`refuse at once, ${rounds} times of ${rounds}, a session that ended through the other`, {
    timeout: longestRoundsMs,
  }, async () => {
    const honoured: string[] = [];
    for (let round = 0; round < rounds; round += 1) {
      const [one, other] = round % 2 === 0 ? [0, 1] : [1, 0];
      // So few for each account that no limit applies.
      const email = `person${round % 20}@example.com`;
      if (round < 20) await register(email);
      const { session } = await logIn(email);
      if ((await statusOf(cluster.sendTo(other, 'GET /profile', { session }))) !== 200) honoured.push(`${round} never`);
      if ((await statusOf(cluster.sendTo(one, 'DELETE /sessions', { session }))) !== 200)
        honoured.push(`${round} kept`);
      if ((await statusOf(cluster.sendTo(other, 'GET /profile', { session }))) !== 403) honoured.push(`${round} after`);
      if ((await statusOf(cluster.send('GET /profile', { session }))) !== 403) honoured.push(`${round} by nginx`);
    }
    expect(honoured).toEqual([]);
  });

  it('show what changed through one to the very next request at the other', async () => {
    const email = 'changing@example.com';
    await register(email);
    const { session } = await logIn(email);
    const userAt = async (instance: number) =>
      ((await cluster.sendTo(instance, 'GET /whoami', { session })).body as { user: object }).user;
    const run = async (instance: number, ...args: string[]) => {
      const env = { AUTHSVC_DATA_DIR: cluster.instances[instance]?.dataFolder ?? '' };
      const { exitCode, stderr } = await runAuthsvc(['users', ...args], { home: folder.path, env });
      expect([exitCode, stderr]).toEqual([0, expect.any(String)]);
    };
    let user = await userAt(0);
    expect(await userAt(1)).toEqual(user);
    for (const [one, other] of [
      [0, 1],
      [1, 0],
    ] as const) {
      const now = `changed${one}@example.com`;
      const before = (user as { email: string }).email;
      await run(one, 'set', before, '--role', `role-${one}`);
      expect(await userAt(other)).toEqual({ ...user, role: `role-${one}` });
      await run(one, 'verify', before);
      expect(await userAt(other)).toEqual({ ...user, role: `role-${one}`, email_verified: true });
      const json = { password, new_email: now };
      expect(await statusOf(cluster.sendTo(one, 'PUT /profile/email', { session, json }))).toBe(200);
      user = { ...user, role: `role-${one}`, email: now, email_verified: false };
      expect(await userAt(other)).toEqual(user);
    }
  });

  /** A request that was refused because the service was busy has not lost: send it again. */
  async function repeatWhileBusy(run: () => Promise<Answer>): Promise<number> {
    for (;;) {
      const status = await statusOf(run());
      if (status !== 503) return status;
    }
  }

  it('register an email once, however often at the same time', async () => {
    const attempts = Array.from({ length: 50 }, () => repeatWhileBusy(() => register('many@example.com')));
    expect((await Promise.all(attempts)).sort()).toEqual([200, ...Array.from({ length: 49 }, () => 400)]);
    const rows = await queryPostgres(cluster.databaseUrl, "select 1 from users where email_key = 'many@example.com'");
    expect(rows).toHaveLength(1);
  });

  /** The token of the mail that either instance writes to an address, once it is there. */
  async function mailedToken(email: string): Promise<string> {
    for (;;) {
      for (const name of await readdir(cluster.mailFolder).catch(() => [])) {
        if (!name.endsWith('.json')) continue;
        const mail = JSON.parse(await readFile(join(cluster.mailFolder, name), 'utf8'));
        const [token] = /[\da-f-]{36}/.exec(mail.text) ?? [];
        if (mail.to === email && token) return token;
      }
    }
  }

  async function askForToken(email: string): Promise<string> {
    await cluster.send('POST /reset_password', { json: { email } });
    return mailedToken(email);
  }

  it('let a reset token be used once, however often at the same time', async () => {
    const email = 'reset@example.com';
    await register(email);
    const reset_token = await askForToken(email);
    const passwords = Array.from({ length: 50 }, (_, index) => `password number ${index}`);
    const statuses = await Promise.all(
      passwords.map((new_password) =>
        repeatWhileBusy(() => cluster.send('PUT /reset_password', { json: { email, reset_token, new_password } })),
      ),
    );
    expect(statuses.filter((status) => status === 200)).toHaveLength(1);
    expect(statuses.filter((status) => status === 403)).toHaveLength(49);
    expect(await statusOf(logIn(email, passwords[statuses.indexOf(200)]))).toBe(200);
  });

  it('leave no session that the old password opened, once a reset is done', async () => {
    const survivors: string[] = [];
    for (let round = 0; round < 10; round += 1) {
      const email = `racer${round}@example.com`;
      await register(email);
      const reset_token = await askForToken(email);
      const before = Array.from({ length: round % 5 }, () => logIn(email));
      const reset = cluster.send('PUT /reset_password', { json: { email, reset_token, new_password: newPassword } });
      const after = Array.from({ length: 4 - (round % 5) }, () => logIn(email));
      expect(await statusOf(reset)).toBe(200);
      for (const { status, session } of await Promise.all([...before, ...after])) {
        if (status !== 200) continue;
        if ((await statusOf(cluster.send('GET /profile', { session }))) !== 403) survivors.push(email);
      }
    }
    expect(survivors).toEqual([]);
  });

  it('write each mail that is owed once', async () => {
    const people = Array.from({ length: 10 }, (_, index) => `owed${index}@example.com`);
    for (const email of people) await register(email);
    await Promise.all(people.map(askForToken));
    // A mail is written a moment before its row is deleted.
    const owed = async () => await queryPostgres(cluster.databaseUrl, 'select id from mails');
    while ((await owed()).length > 0);
    const mails = await Promise.all(
      (await readdir(cluster.mailFolder)).map(async (name) =>
        JSON.parse(await readFile(join(cluster.mailFolder, name), 'utf8')),
      ),
    );
    expect(
      mails
        .map(({ to }) => to)
        .filter((to) => people.includes(to))
        .sort(),
    ).toEqual(people);
  });

  it('count guesses at one account together', async () => {
    const email = 'guessed@example.com';
    await register(email);
    const started = performance.now();
    const answers = await Promise.all(Array.from({ length: 30 }, () => statusOf(logIn(email, 'not this one at all'))));
    const seconds = (performance.now() - started) / 1000;
    const wrong = answers.filter((status) => status === 401).length;
    expect(new Set(answers.filter((status) => status !== 503))).toEqual(new Set([401, 429]));
    // Five, and one more each time that the delay, which doubles from 1 s on, is over.
    expect(wrong).toBeGreaterThanOrEqual(5);
    expect(wrong).toBeLessThanOrEqual(5 + Math.log2(seconds + 1));
    const account = createHash('sha256').update(email).digest('base64url');
    const counted = await queryPostgres(
      cluster.databaseUrl,
      `select count from throttles where key = 'login:account:${account}'`,
    );
    expect(counted).toEqual([{ count: wrong }]);
  });

  it('say nowhere what the password of the database is', async () => {
    const secret = new URL(cluster.databaseUrl).password;
    for (const { stderr, stdout } of cluster.instances) expect(stderr() + stdout()).not.toContain(secret);
  });
});
