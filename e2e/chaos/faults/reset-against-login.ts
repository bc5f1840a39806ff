import { type Answer, send } from '../../support/http-client.mjs';
import { makeDatabase } from '../database.ts';
import { repeatWhileBusy } from '../repeat-while-busy.ts';
import type { Row } from '../row.ts';
import { judge } from '../run-row.ts';

const password = 'correct horse battery';
const newPassword = 'staple after staple';
/** As many failures as leave no delay, so that the last login is let in. */
const loginsARound = 4;

export const resetAgainstLoginRow: Row<'rounds'> = {
  name: 'reset-against-login',
  fault: 'Reset against login',
  dialects: ['sqlite', 'postgres'],
  sizes: { small: { rounds: 15 }, full: { rounds: 200 } },
  async run({ size, dialect, folder, serve }) {
    const database = await makeDatabase(dialect, folder);
    const daemon = await serve(database.settings);
    const call = (target: string, json: unknown) => repeatWhileBusy(() => send(daemon.url, target, { json }));
    const failures: string[] = [];
    let opened = 0;
    let refused = 0;
    let left = 0;
    for (let round = 0; round < size.rounds; round += 1) {
      const email = `person${round}@example.com`;
      await call('POST /users', { email, password });
      const { body } = await call('POST /reset_password', { email });
      const { reset_token } = body as { reset_token: string };

      // The reset is sent among the logins, or once the first of them is answered, so that it meets
      // them at every stage.
      const logins: Promise<Answer>[] = [];
      const logInOnce = () => logins.push(call('POST /sessions', { email, password }));
      const before = round % (loginsARound + 1);
      while (logins.length < before) logInOnce();
      if (before === loginsARound) await Promise.race(logins);
      const reset = call('PUT /reset_password', { email, reset_token, new_password: newPassword });
      while (logins.length < loginsARound) logInOnce();

      const { status } = await reset;
      if (status !== 200) failures.push(`the reset of ${email} was answered ${status}`);
      for (const login of await Promise.all(logins)) {
        if (login.status === 401) refused += 1;
        else if (login.status === 200) opened += 1;
        else failures.push(`a login of ${email} was answered ${login.status}`);
        if (login.session === undefined) continue;
        const profile = await send(daemon.url, 'GET /profile', { session: login.session });
        if (profile.status === 403) continue;
        left += 1;
        failures.push(`a session that the old password of ${email} opened lives on`);
      }
      const sessions = await database.query(
        `select 1 from sessions join users on users.id = sessions.user_id where email = '${email}'`,
      );
      left += sessions.length;
      if (sessions.length > 0) failures.push(`${sessions.length} sessions of ${email} are left`);
      const { status: inAgain } = await call('POST /sessions', { email, password: newPassword });
      if (inAgain !== 200) failures.push(`the new password of ${email} was answered ${inAgain}`);
    }
    if (opened === 0) failures.push('no login was ever ahead of the reset, so that there was no race');
    return judge(
      `reset a password among ${loginsARound} logins with the old one`,
      size.rounds,
      `${opened} logins ahead of the reset, ${refused} behind it; ${left} sessions of theirs left after it, in HTTP or in the table`,
      failures,
    );
  },
};
