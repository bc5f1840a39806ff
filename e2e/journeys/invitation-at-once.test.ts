import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { repeatWhileBusy } from '../chaos/repeat-while-busy.ts';
import { send } from '../support/http-client.mjs';
import { it, serve } from '../support/journey.ts';
import { makePostgresDatabase } from '../support/postgres.ts';
import { runAuthsvc } from '../support/run-authsvc.ts';

const email = 'ada@example.com';
const people = 50;

describe.each([
  { where: 'one daemon on SQLite', daemonCount: 1, databaseSettings: async () => ({}) },
  {
    where: 'two daemons on one PostgreSQL database',
    daemonCount: 2,
    databaseSettings: async () => ({ AUTHSVC_DATABASE_URL: await makePostgresDatabase() }),
  },
])('an invitation that fifty people accept at once, at $where', ({ daemonCount, databaseSettings }) => {
  it('makes one account, of the one who was answered 200', async ({ home }) => {
    const settings = { AUTHSVC_REGISTRATION: 'invited', ...(await databaseSettings()) };
    const daemons = await Promise.all(
      Array.from({ length: daemonCount }, async (_, index) => {
        const own = join(home, String(index));
        await mkdir(own);
        return serve(own, settings);
      }),
    );
    const urlFor = (index: number) => daemons[index % daemonCount]?.url ?? '';
    const operate = async (...args: string[]) => {
      const env = { AUTHSVC_DATA_DIR: daemons[0]?.dataFolder ?? '' };
      return JSON.parse((await runAuthsvc([...args, '--json'], { home, env })).stdout);
    };
    const { invitation_token } = await operate('users', 'invite', email, '--role', 'editor');

    const passwords = Array.from({ length: people }, (_, index) => `password number ${index}`);
    const answers = await Promise.all(
      passwords.map((password, index) => {
        const json = { email, password, invitation_token };
        // One that the hashing queue refused has neither won nor lost.
        return repeatWhileBusy(() => send(urlFor(index), 'POST /users', { json }));
      }),
    );
    const winner = answers.findIndex(({ status }) => status === 200);
    const others = answers.filter((_, index) => index !== winner);
    expect(answers[winner]?.body).toEqual({ email, message: 'user created' });
    expect(others.map(({ status, code }) => `${status} ${code}`)).toEqual(
      others.map(() => '403 invalid_invitation_token'),
    );

    const { users } = await operate('users', 'list');
    expect(users).toMatchObject([{ email, role: 'editor', email_verified: true }]);
    const { events } = await operate('audit', '--since', '1h');
    expect(events.filter(({ type }: { type: string }) => type === 'invitation_accepted')).toHaveLength(1);
    const logIn = { json: { email, password: passwords[winner] } };
    expect(await send(urlFor(1), 'POST /sessions', logIn)).toMatchObject({ status: 200 });
  });
});
