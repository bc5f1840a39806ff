import { beforeEach, describe, expect, it } from 'vitest';
import { type LocalService, PASSWORD, startLocalService } from '../testing/local-service.ts';
import { openTerminal } from '../testing/pseudo-terminal.ts';

const ada = 'ada@example.com';
const bob = 'bob@example.com';
const newPassword = 'staple after staple';
const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);

let service: LocalService;

beforeEach(async () => {
  service = await startLocalService();
  for (const email of [bob, ada]) {
    await service.register(email);
    await service.authsvc(['login', '--email', email, '--password-stdin'], { input: PASSWORD });
  }
});

const done = (answer: unknown) => ({ status: 0, answer, stderr: '' });
const refused = (status: number, code: string, message: unknown = expect.any(String)) => ({
  status,
  answer: { error: { code, message } },
  stderr: '',
});
const notLoggedIn = refused(4, 'not_logged_in');
const terminal = (...args: string[]) =>
  openTerminal(args, { HOME: service.machine.home, AUTHSVC_URL: service.url, AUTHSVC_STORAGE: 'file' });

interface Listed {
  readonly id: string;
  readonly current: boolean;
}
const sessionsOf = async (email: string) =>
  ((await service.json(['sessions', '--email', email])).answer as { sessions: Listed[] }).sessions;

describe.each([
  ['sessions', ['sessions']],
  ['sessions revoke', ['sessions', 'revoke', '--others']],
  ['sessions forget', ['sessions', 'forget', '3f2a9c1b']],
  ['password', ['password', '--password-stdin', '--new-password-stdin']],
  ['email', ['email', '--new-email', 'new@example.com', '--password-stdin']],
  ['delete', ['delete', '--yes', '--password-stdin']],
  ['exec', ['exec', '--', 'true']],
])('authsvc %s', (_name, args) => {
  const input = `${PASSWORD}\n${newPassword}\n`;

  it('refuses a user who is not logged in, or no longer', async () => {
    const [name = '', ...rest] = args;
    expect(await service.json([name, '--email', 'nobody@example.com', ...rest], { input })).toEqual(notLoggedIn);
    if (name === 'exec') return;
    await service.authsvc(['users', 'revoke', ada]);
    expect(await service.json(args, { input })).toEqual(refused(4, 'session_expired', 'Your session has expired'));
  });

  it('refuses what it does not know', async () => {
    expect(await service.json([...args.slice(0, 1), '--wrong'], { input })).toMatchObject({ status: 2 });
    expect(await service.json([...args.slice(0, 1), '--email', 'nobody', ...args.slice(1)], { input })).toMatchObject({
      status: 2,
      answer: { error: { code: 'usage' } },
    });
  });
});

describe('authsvc sessions', () => {
  it('lists those of one account, to a person by the beginnings of their ids', async () => {
    await service.logIn(ada);
    const session = { id: expect.stringMatching(/^[\da-f-]{36}$/), created_at: time, last_used_at: time };
    const made = { ...session, address: '127.0.0.1', user_agent: 'authsvc' };
    const { sessions } = (await service.json(['sessions'])).answer as { sessions: Listed[] };
    expect(sessions).toEqual(
      expect.arrayContaining([
        { ...made, current: true },
        { ...made, current: false },
      ]),
    );
    expect(sessions).toHaveLength(2);
    const { stdout, stderr } = await service.authsvc(['sessions']);
    expect(stderr).toBe('');
    for (const { id, current } of sessions) {
      expect(stdout).toMatch(
        new RegExp(`^${current ? '●' : '○'} {2}${id.slice(0, 8)} .* 127\\.0\\.0\\.1 +authsvc$`, 'm'),
      );
    }
  });

  it('ends one by the beginning of its id, and none of another user', async () => {
    const elsewhere = await service.logIn(ada);
    const [theirs] = await sessionsOf(bob);
    expect(await service.json(['sessions', 'revoke', theirs?.id ?? '', '--email', ada])).toEqual(
      refused(5, 'not_found', `You have no session ${theirs?.id}`),
    );
    const other = (await sessionsOf(ada)).find(({ current }) => !current);
    expect(await service.json(['sessions', 'revoke', `\u00a0${other?.id.slice(0, 8).toUpperCase()}\u200b\n`])).toEqual(
      done({ ended: 1 }),
    );
    expect(await service.isOpen(elsewhere)).toBe(false);
    expect(await service.json(['profile', '--email', bob])).toMatchObject({ status: 0 });
  });

  it('ends all others', async () => {
    const elsewhere = [await service.logIn(ada), await service.logIn(ada)];
    const theirs = await service.logIn(bob);
    expect(await service.json(['sessions', 'revoke', '--others'])).toEqual(done({ ended: 2, forgotten: 0 }));
    expect(await Promise.all([...elsewhere, theirs].map(service.isOpen))).toEqual([false, false, true]);
    expect((await service.authsvc(['sessions', 'revoke', '--others'])).stderr).toBe(
      '✓ Ended 0 sessions; this one stays open\n',
    );
  });

  it('forgets the session that ends itself', async () => {
    const [own] = await sessionsOf(ada);
    expect(await service.json(['sessions', 'revoke', own?.id ?? ''])).toEqual(done({ ended: 1 }));
    expect(await service.json(['profile', '--email', ada])).toEqual(notLoggedIn);
  });

  it('wants to know which', async () => {
    for (const args of [[], ['some', '--others']]) {
      expect(await service.json(['sessions', 'revoke', ...args])).toEqual(
        refused(2, 'usage', 'Say which: the id of a session, or --others'),
      );
    }
    expect(await service.json(['sessions', 'revoke', ''])).toMatchObject({ status: 5 });
  });
});

describe('authsvc password', () => {
  const change = (input: string) => service.json(['password', '--password-stdin', '--new-password-stdin'], { input });

  it('changes it and ends every other session', async () => {
    const elsewhere = await service.logIn(ada);
    expect(await change(`${PASSWORD}\n${newPassword}\n`)).toEqual(
      done({ email: ada, server: service.url, status: 'password_changed' }),
    );
    expect(await service.isOpen(elsewhere)).toBe(false);
    expect(await service.json(['profile'])).toMatchObject({ status: 0 });
    expect([await service.logIn(ada), await service.logIn(bob, newPassword)]).toEqual(['', '']);
    expect(await service.isOpen(await service.logIn(ada, newPassword))).toBe(true);
  });

  it('refuses a wrong password, a weak one, and a missing line', async () => {
    expect(await change(`not it at all\n${newPassword}`)).toEqual(refused(4, 'invalid_credentials', 'Wrong password'));
    expect(await change(`${PASSWORD}\nshort`)).toEqual(refused(5, 'password_rejected'));
    expect(await change(PASSWORD)).toMatchObject({ status: 2, answer: { error: { code: 'input_required' } } });
    expect(await service.json(['password'])).toEqual(
      refused(2, 'input_required', '--password-stdin is required when not running interactively'),
    );
    expect(await service.isOpen(await service.logIn(ada))).toBe(true);
  });

  it('asks at a terminal, and refuses a weak password before it is asked for twice', async () => {
    const open = terminal('password');
    await open.shows('Current password:');
    open.type(`${PASSWORD}\r`);
    await open.shows('New password:');
    open.type('short\r');
    await open.shows('Too short');
    await open.shows('New password:');
    open.type(`${newPassword}\r`);
    await open.shows('Confirm');
    open.type(`${newPassword}\r`);
    await open.shows(`every other session of ${ada} has ended`);
    expect(await open.ended).toBe(0);
    for (const secret of [PASSWORD, newPassword]) expect(open.bytes()).not.toContain(secret);
  });
});

describe('authsvc email', () => {
  const move = (to: string, input = PASSWORD) =>
    service.json(['email', '--new-email', to, '--password-stdin'], { input });

  it('changes it, and keeps the session under the new name', async () => {
    expect(await move('Ada.King@example.com')).toEqual(
      done({ email: 'Ada.King@example.com', server: service.url, status: 'email_changed' }),
    );
    expect(await service.json(['profile'])).toMatchObject({ status: 0, answer: { email: 'Ada.King@example.com' } });
    expect(await service.json(['profile', '--email', ada])).toEqual(notLoggedIn);
    expect(await move('ADA.KING@example.com')).toMatchObject({ status: 0 });
    expect(await service.json(['profile'])).toMatchObject({ status: 0, answer: { email: 'ADA.KING@example.com' } });
    expect(await service.json(['profile', '--email', bob])).toMatchObject({ status: 0 });
  });

  it('leaves one session in the keychain, also where the letters differ in case alone', async () => {
    const keychain = { env: { AUTHSVC_STORAGE: 'keychain' } };
    await service.authsvc(['login', '--email', ada, '--password-stdin'], { ...keychain, input: PASSWORD });
    for (const to of ['ada.king@example.com', 'Ada.King@example.com']) {
      await service.authsvc(['email', '--new-email', to, '--password-stdin'], { ...keychain, input: PASSWORD });
      expect([...service.machine.keychain.entries.keys()].sort()).toEqual([
        `authsvc-device:${service.url} ${to.toLowerCase()}`,
        `authsvc:${service.url} ${to}`,
      ]);
      expect(await service.json(['profile'], keychain)).toMatchObject({ status: 0, answer: { email: to } });
    }
  });

  it("refuses another account's, what is none, and a wrong password", async () => {
    expect(await move('BOB@example.com')).toEqual(refused(5, 'email_taken', 'Email already registered'));
    expect(await move('nobody')).toMatchObject({ status: 2, answer: { error: { code: 'usage' } } });
    expect(await move('new@example.com', 'not it at all')).toEqual(refused(4, 'invalid_credentials', 'Wrong password'));
    expect(await service.json(['email', '--password-stdin'], { input: PASSWORD })).toEqual(
      refused(2, 'input_required', '--new-email is required when not running interactively'),
    );
    expect(await service.json(['profile'])).toMatchObject({ status: 0, answer: { email: ada } });
  });
});

describe('authsvc delete', () => {
  it('deletes the account, forgets its session, and leaves others alone', async () => {
    const remove = (input: string) => service.json(['delete', '--yes', '--password-stdin'], { input });
    expect(await remove('not it at all')).toEqual(refused(4, 'invalid_credentials', 'Wrong password'));
    expect(await service.json(['delete', '--password-stdin'], { input: PASSWORD })).toEqual(
      refused(2, 'input_required', '--yes is required when not running interactively'),
    );
    expect(await remove(PASSWORD)).toEqual(done({ email: ada, server: service.url, status: 'account_deleted' }));
    expect(await service.json(['profile', '--email', ada])).toEqual(notLoggedIn);
    expect(await service.logIn(ada)).toBe('');
    expect(await service.json(['profile', '--email', bob])).toMatchObject({ status: 0 });
  });

  it('asks at a terminal for the email to be typed, and nothing is lost by Ctrl-C', async () => {
    const left = terminal('delete');
    await left.shows('Type the email');
    left.type('\u0003');
    expect(await left.ended).toBe(130);
    const open = terminal('delete');
    await open.shows(`This deletes ${ada}`);
    await open.shows('Type the email');
    open.type(`${bob}\r`);
    await open.shows('That is not the email of this account');
    open.type('\u0015');
    open.type(`${ada}\r`);
    await open.shows('Password:');
    open.type(`${PASSWORD}\r`);
    await open.shows(`${ada} is deleted`);
    expect(await open.ended).toBe(0);
    expect((await service.json(['users', 'list'])).answer).toMatchObject({ users: [{ email: bob }] });
  });
});
