import { send } from '../../support/http-client.mjs';
import { makeDatabase } from '../database.ts';
import { repeatWhileBusy } from '../repeat-while-busy.ts';
import type { Row } from '../row.ts';
import { judge } from '../run-row.ts';

const email = 'ada@example.com';

export const oneEmailRow: Row<'registrations'> = {
  name: 'one-email',
  fault: 'One email registered many times at once',
  dialects: ['sqlite', 'postgres'],
  sizes: { small: { registrations: 10 }, full: { registrations: 50 } },
  async run({ size, dialect, folder, serve }) {
    const database = await makeDatabase(dialect, folder);
    const daemon = await serve(database.settings);
    const json = { email, password: 'correct horse battery' };
    const attempts = Array.from({ length: size.registrations }, () =>
      repeatWhileBusy(() => send(daemon.url, 'POST /users', { json })),
    );
    const answers = await Promise.all(attempts);
    const taken = JSON.stringify({ code: 'email_taken', message: 'email already registered' });
    const won = answers.filter(({ status }) => status === 200).length;
    const lost = answers.filter(({ status, body }) => status === 400 && JSON.stringify(body) === taken).length;
    const [count] = await database.query('select count(*) as people from users');
    const failures = [
      won !== 1 && `${won} registrations were accepted`,
      won + lost !== answers.length && `answered ${answers.map(({ status }) => status).join()}`,
      Number(count?.people) !== 1 && `${count?.people} rows of users`,
    ];
    return judge(
      `registered ${email} ${size.registrations} times at once`,
      size.registrations,
      `${won} × 200, ${lost} × 400 email_taken, ${count?.people} row`,
      failures,
    );
  },
};
