import { send } from '../../support/http-client.mjs';
import { makeDatabase } from '../database.ts';
import { repeatWhileBusy } from '../repeat-while-busy.ts';
import type { Row } from '../row.ts';
import { judge } from '../run-row.ts';

const email = 'ada@example.com';

export const oneTokenRow: Row<'uses'> = {
  name: 'one-token',
  fault: 'One reset token used many times at once',
  dialects: ['sqlite', 'postgres'],
  sizes: { small: { uses: 10 }, full: { uses: 50 } },
  async run({ size, dialect, folder, serve }) {
    const { settings } = await makeDatabase(dialect, folder);
    const daemon = await serve(settings);
    const call = (target: string, json: unknown) => repeatWhileBusy(() => send(daemon.url, target, { json }));
    await call('POST /users', { email, password: 'correct horse battery' });
    const { body } = await call('POST /reset_password', { email });
    const { reset_token } = body as { reset_token: string };
    const passwords = Array.from({ length: size.uses }, (_, number) => `password number ${number}`);
    const answers = await Promise.all(
      passwords.map((new_password) => call('PUT /reset_password', { email, reset_token, new_password })),
    );
    const winners = passwords.filter((_, index) => answers[index]?.status === 200);
    const losers = answers.filter(({ status }) => status === 403).length;
    const [login] = await Promise.all(winners.map((password) => call('POST /sessions', { email, password })));
    const failures = [
      winners.length !== 1 && `${winners.length} uses were accepted`,
      winners.length + losers !== size.uses && `answered ${answers.map(({ status }) => status).join()}`,
      login?.status !== 200 && `the winner's password was answered ${login?.status}`,
    ];
    return judge(
      `used one reset token ${size.uses} times at once, each for another password`,
      size.uses,
      `${winners.length} × 200, ${losers} × 403 invalid_reset_token; a login with the winner's password × ${login?.status}`,
      failures,
    );
  },
};
