import { describe, expect } from 'vitest';
import { type Answer, send } from '../support/http-client.ts';
import { it } from '../support/journey.ts';

const password = 'correct horse battery';
const newPassword = 'staple after staple';
const rounds = 15;
/** As many as an account is let through at once. */
const loginsARound = 4;

describe('a login that races a reset', () => {
  it('never leaves a session that the old password opened', async ({ daemon }) => {
    const call = (target: string, json: unknown) => send(daemon.url, target, { json });
    const survivors: string[] = [];
    let opened = 0;
    for (let round = 0; round < rounds; round += 1) {
      const email = `person${round}@example.com`;
      await call('POST /users', { email, password });
      const { body } = await call('POST /reset_password', { email });
      const reset = { email, reset_token: (body as { reset_token: string }).reset_token, new_password: newPassword };

      // The reset goes out among the logins, or once the first of them is in: it meets them at every stage.
      const logins: Promise<Answer>[] = [];
      const logInOnce = () => logins.push(call('POST /sessions', { email, password }));
      const before = round % (loginsARound + 1);
      while (logins.length < before) logInOnce();
      if (before === loginsARound) await Promise.race(logins);
      const update = call('PUT /reset_password', reset);
      while (logins.length < loginsARound) logInOnce();

      expect((await update).status).toBe(200);
      for (const { status, session } of await Promise.all(logins)) {
        expect([200, 401]).toContain(status);
        if (status !== 200) continue;
        opened += 1;
        if ((await send(daemon.url, 'GET /profile', { session })).status !== 403) survivors.push(email);
      }
      expect((await call('POST /sessions', { email, password: newPassword })).status).toBe(200);
    }
    expect(survivors).toEqual([]);
    // Otherwise there was no race to be won.
    expect(opened).toBeGreaterThan(0);
  });
});

describe('one reset token', () => {
  it('changes the password once, however often it is used at the same time', async ({ daemon }) => {
    const call = (target: string, json: unknown) => send(daemon.url, target, { json });
    const email = 'ada@example.com';
    await call('POST /users', { email, password });
    const { body } = await call('POST /reset_password', { email });
    const { reset_token } = body as { reset_token: string };

    const passwords = Array.from({ length: 10 }, (_, index) => `password number ${index}`);
    const answers = await Promise.all(
      passwords.map((new_password) => call('PUT /reset_password', { email, reset_token, new_password })),
    );
    const winners = passwords.filter((_, index) => answers[index]?.status === 200);
    expect(winners).toHaveLength(1);
    expect(answers.filter(({ status }) => status === 403)).toHaveLength(passwords.length - 1);
    expect((await call('POST /sessions', { email, password: winners[0] })).status).toBe(200);
  });
});

describe('one email', () => {
  it('is registered once, however often at the same time', async ({ daemon }) => {
    const json = { email: 'ada@example.com', password };
    const answers = await Promise.all(Array.from({ length: 10 }, () => send(daemon.url, 'POST /users', { json })));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, ...new Array<number>(9).fill(400)]);
  });
});
