import { describe, expect } from 'vitest';
import { it } from '../support/journey.ts';

const password = 'correct horse battery';
const newPassword = 'staple after staple';
const ada = 'ada@example.com';
const bob = 'bob@example.com';

interface Listed {
  readonly id: string;
  readonly current: boolean;
}

describe('an account in the hands of its owner', () => {
  it('is changed and deleted from the command line', async ({ authsvc, daemon }) => {
    const env = { AUTHSVC_STORAGE: 'file' };
    const run = async (args: readonly string[], input?: string) => {
      const { exitCode, stdout, stderr } = await authsvc([...args, '--json'], { env, input });
      return { exitCode, answer: JSON.parse(stdout), notes: stderr };
    };
    const done = (answer: object) => ({ exitCode: 0, answer, notes: '' });
    const sessions = async (...args: string[]) => (await run(['sessions', ...args])).answer.sessions as Listed[];
    for (const email of [ada, bob]) {
      await run(['register', '--email', email, '--password-stdin'], password);
      await run(['login', '--email', email, '--password-stdin'], password);
    }
    const [theirs] = await sessions();
    const logInElsewhere = () =>
      run(['login', '--email', ada, '--password-stdin', '--print-session'], password).then(
        ({ answer }) => answer.session,
      );

    const elsewhere: string = await logInElsewhere();
    await run(['profile', '--email', ada]);
    const listed = await sessions();
    expect(listed.map(({ current }) => current).sort()).toEqual([false, true]);
    const other = listed.find(({ current }) => !current);
    expect(await run(['sessions', 'revoke', theirs?.id ?? ''])).toMatchObject({
      exitCode: 5,
      answer: { error: { code: 'not_found' } },
    });
    expect(await run(['sessions', 'revoke', other?.id.slice(0, 8) ?? ''])).toEqual(done({ ended: 1 }));
    const refused = await authsvc(['profile'], { env: { ...env, AUTHSVC_SESSION: elsewhere } });
    expect(refused.exitCode).toBe(4);
    await logInElsewhere();
    expect(await run(['sessions', 'revoke', '--others'])).toEqual(done({ ended: 1, forgotten: 0 }));

    const child = `process.stdout.write(process.env.AUTHSVC_SESSION.length + ' ' + process.env.AUTHSVC_URL); process.exit(9)`;
    const executed = await authsvc(['exec', '--', process.execPath, '-e', child], { env });
    expect(executed).toEqual({ exitCode: 9, stdout: `43 ${daemon.url}`, stderr: '' });

    const wrong = await run(['password', '--password-stdin', '--new-password-stdin'], `not it at all\n${newPassword}`);
    expect(wrong).toMatchObject({ exitCode: 4, answer: { error: { code: 'invalid_credentials' } } });
    const change = await run(['password', '--password-stdin', '--new-password-stdin'], `${password}\n${newPassword}`);
    expect(change).toEqual(done({ email: ada, server: daemon.url, status: 'password_changed' }));

    const email = 'ada.king@example.com';
    const move = (to: string) => run(['email', '--new-email', to, '--password-stdin'], newPassword);
    expect(await move(bob)).toMatchObject({ exitCode: 5, answer: { error: { code: 'email_taken' } } });
    expect(await move(email)).toEqual(done({ email, server: daemon.url, status: 'email_changed' }));
    expect(await run(['profile'])).toMatchObject({ exitCode: 0, answer: { email } });

    expect(await run(['delete', '--password-stdin'], newPassword)).toMatchObject({
      exitCode: 2,
      answer: { error: { code: 'input_required' } },
    });
    const deleted = await run(['delete', '--yes', '--password-stdin'], newPassword);
    expect(deleted).toEqual(done({ email, server: daemon.url, status: 'account_deleted' }));
    expect(await run(['profile'])).toMatchObject({ exitCode: 4, answer: { error: { code: 'not_logged_in' } } });
    const gone = await run(['login', '--email', email, '--password-stdin'], newPassword);
    expect(gone).toMatchObject({ exitCode: 4, answer: { error: { code: 'invalid_credentials' } } });
    expect(await run(['profile', '--email', bob])).toMatchObject({ exitCode: 0 });
  });
});
