import { beforeEach, describe, expect, it } from 'vitest';
import { enrol } from '../testing/enrol.ts';
import { type LocalService, PASSWORD, startLocalService } from '../testing/local-service.ts';
import { createTestMachine } from '../testing/test-machine.ts';

const ada = 'ada@example.com';
const bob = 'bob@example.com';
const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
const user = (email: string, disabled: unknown = null) => ({
  id: expect.stringMatching(/^[\da-f-]{36}$/),
  email,
  email_verified: false,
  role: 'user',
  created_at: time,
  updated_at: time,
  disabled_at: disabled,
  locked_at: null,
  second_factor_at: null,
});
const listed = (email: string, lastLogin: unknown = null) => ({ ...user(email), last_login_at: lastLogin });
const done = (answer: unknown) => ({ status: 0, answer, stderr: '' });
const refused = (status: number, code: string, message = expect.any(String)) => ({
  status,
  answer: { error: { code, message } },
  stderr: '',
});

let service: LocalService;

beforeEach(async () => {
  service = await startLocalService();
  for (const email of [ada, bob]) await service.register(email);
});

describe('authsvc users', () => {
  it('lists accounts, finds them, and goes on behind one', async () => {
    const list = (...options: string[]) => service.json(['users', 'list', ...options]);
    expect(await list()).toEqual(done({ users: [listed(ada), listed(bob)], next: null }));
    expect(await list('--search', 'BOB')).toEqual(done({ users: [listed(bob)], next: null }));
    expect(await list('--limit', '1')).toEqual(done({ users: [listed(ada)], next: ada }));
    expect(await list('--after', 'ADA@example.com')).toEqual(done({ users: [listed(bob)], next: null }));
    expect(await list('--limit', '0')).toEqual(refused(2, 'invalid_request'));
    expect(await list('--limit', 'x')).toEqual(refused(2, 'invalid_request'));
    const page = await service.authsvc(['users', 'list', '--limit', '1']);
    expect(page.stdout).toMatch(
      /^● {2}ada@example\.com {2}user {2}unverified {2}since \d{4}-\d\d-\d\d \d\d:\d\d {2}never logged in\n$/,
    );
    expect(page.stderr).toBe('✓ More: authsvc users list --after ada@example.com\n');
    expect(await service.authsvc(['users', 'list', '--search', 'eve'])).toEqual({
      status: 0,
      stdout: '',
      stderr: '✓ There is no such account\n',
    });
    for (const email of [ada, bob]) await service.authsvc(['users', 'delete', email, '--yes']);
    expect(await service.authsvc(['users', 'list'])).toMatchObject({
      status: 0,
      stderr: '✓ There is no account yet\n',
    });
  });

  it('says how someone gets an account whom it cannot verify', async () => {
    const { status, stderr } = await service.authsvc(['users', 'verify', 'eve@example.com']);
    expect([status, stderr]).toEqual([
      5,
      '✗ No account has this email\n  Invite someone who has no account: authsvc users invite eve@example.com\n',
    ]);
  });

  it('shows one with its open sessions and known devices', async () => {
    await service.logIn(ada);
    const session = {
      id: expect.any(String),
      created_at: time,
      last_used_at: time,
      expires_at: time,
      address: '127.0.0.1',
      user_agent: 'authsvc',
    };
    const { last_used_at: _, expires_at: __, ...made } = session;
    const devices = [{ ...made, last_login_at: time }];
    expect(await service.json(['users', 'show', ada])).toEqual(
      done({ ...listed(ada, time), password_cost: 10, sessions: [session], devices }),
    );
    const { stdout } = await service.authsvc(['users', 'show', ada]);
    expect(stdout).toMatch(
      /^Email {5}ada@example\.com\nId {8}[\da-f-]{36}\nRole {6}user\nVerified {2}no\n.*Status {4}active\n.*cost 10\nFactor {4}none\nSessions {2}1\n {2}.*\nDevices {3}1\n {2}/s,
    );
  });

  it('disables one, whose sessions end and who is refused as with a wrong password, and enables it', async () => {
    const session = await service.logIn(ada);
    const theirs = await service.logIn(bob);
    expect(await service.json(['users', 'disable', 'ADA@example.com'])).toEqual(done(user(ada, time)));
    expect([await service.isOpen(session), await service.isOpen(theirs)]).toEqual([false, true]);
    const login = ['login', '--email', ada, '--password-stdin'];
    const wrong = await service.json(login, { input: 'not it at all' });
    expect(await service.json(login, { input: PASSWORD })).toEqual(wrong);
    expect(wrong).toMatchObject({ status: 4, answer: { error: { code: 'invalid_credentials' } } });
    expect((await service.authsvc(['users', 'list'])).stdout).toMatch(/^○ {2}ada.*disabled\n● {2}bob/);
    expect(await service.authsvc(['users', 'enable', ada])).toEqual({
      status: 0,
      stdout: '',
      stderr: `✓ ${ada} may log in again\n`,
    });
    expect(await service.isOpen(await service.logIn(ada))).toBe(true);
  });

  it('sets a role and notes a verified address, which the list of one account shows', async () => {
    expect(await service.json(['users', 'set', ada, '--role', 'admin'])).toEqual(done({ ...user(ada), role: 'admin' }));
    const verified = { ...user(ada), role: 'admin', email_verified: true };
    expect(await service.json(['users', 'verify', 'ADA@example.com'])).toEqual(done(verified));
    expect((await service.authsvc(['users', 'show', ada])).stdout).toMatch(/^Role {6}admin\nVerified {2}yes$/m);
    expect((await service.authsvc(['users', 'set', bob, '--role', 'editor'])).stderr).toBe(
      `✓ ${bob} has the role editor\n`,
    );
  });

  it.each(['Admin', '1st', 'a b', 'a'.repeat(33), ''])('refuses the role "%s", and changes nothing', async (role) => {
    expect(await service.json(['users', 'set', ada, '--role', role])).toEqual(refused(2, 'invalid_request'));
    expect(await service.json(['users', 'list', '--search', ada])).toEqual(done({ users: [listed(ada)], next: null }));
  });

  it('shows a second factor, and takes it away from who has lost it', async () => {
    await service.authsvc(['login', '--email', ada, '--password-stdin'], { input: PASSWORD });
    await enrol(service);
    expect(await service.json(['users', 'show', ada])).toMatchObject({ answer: { second_factor_at: time } });
    expect((await service.authsvc(['users', 'show', ada])).stdout).toMatch(/^Factor {4}on since \d{4}-/m);
    expect((await service.authsvc(['users', 'list'])).stdout).toMatch(
      /^● {2}ada.* {2}second factor\n● {2}bob.*(?<!factor)\n$/,
    );
    expect(await service.authsvc(['users', 'reset-mfa', ada])).toEqual({
      status: 0,
      stdout: '',
      stderr: `✓ ${ada} has no second factor: the password alone logs in\n`,
    });
    expect(await service.isOpen(await service.logIn(ada))).toBe(true);
    expect(await service.json(['users', 'reset-mfa', ada])).toEqual(
      refused(5, 'not_found', 'This account has no second factor'),
    );
  });

  it('deletes one, only with --yes where no prompt is possible', async () => {
    expect(await service.json(['users', 'delete', ada])).toEqual(
      refused(2, 'input_required', '--yes is required when not running interactively'),
    );
    const session = await service.logIn(ada);
    expect(await service.json(['users', 'delete', ada, '--yes'])).toEqual(done(user(ada)));
    expect(await service.isOpen(session)).toBe(false);
    expect(await service.json(['users', 'list'])).toEqual(done({ users: [listed(bob)], next: null }));
  });

  it('makes a reset token, which alone goes to standard output', async () => {
    const { status, stdout, stderr } = await service.authsvc(['users', 'reset', ada]);
    expect([status, stdout]).toEqual([0, expect.stringMatching(/^[\da-f-]{36}\n$/)]);
    expect(stderr).not.toContain(stdout.trim());
    const reset = ['reset', '--email', ada, '--token-stdin', '--password-stdin'];
    expect(await service.json(reset, { input: `${stdout}staple after staple` })).toMatchObject({ status: 0 });
    expect(await service.isOpen(await service.logIn(ada, 'staple after staple'))).toBe(true);
    expect(await service.json(['users', 'reset', ada])).toEqual(
      done({ email: ada, reset_token: expect.any(String), link: expect.any(String), expires_at: time }),
    );
  });

  it('lists by role and verification, and says how to go on', async () => {
    await service.authsvc(['users', 'verify', ada]);
    await service.authsvc(['users', 'set', bob, '--role', 'editor']);
    const emails = async (...options: string[]) => {
      const { answer } = await service.json(['users', 'list', ...options]);
      return (answer as { users: { email: string }[] }).users.map(({ email }) => email);
    };
    expect(await emails('--verified')).toEqual([ada]);
    expect(await emails('--unverified')).toEqual([bob]);
    expect(await emails('--role', 'editor')).toEqual([bob]);
    expect(await service.json(['users', 'list', '--verified', '--unverified'])).toMatchObject({ status: 2 });
    await service.authsvc(['users', 'verify', bob]);
    const page = await service.authsvc(['users', 'list', '--verified', '--limit', '1']);
    expect(page.stderr).toBe(`✓ More, with the same options and: --after ${ada}\n`);
  });

  it('invites someone by a token or a link, with which they register', async () => {
    const eve = 'eve@example.com';
    const { stdout, stderr } = await service.authsvc(['users', 'invite', eve, '--role', 'editor', '--link']);
    expect(stdout).toMatch(/\/invitation\?email=eve%40example\.com&token=[\da-f-]{36}\n$/);
    expect(stderr).toContain(`They run: authsvc register --email ${eve} --invitation-stdin\n`);
    const invited = await service.authsvc(['users', 'invite', eve, '--role', 'editor']);
    const register = ['register', '--email', eve, '--invitation-stdin', '--password-stdin'];
    const voided = new URL(stdout.trim()).searchParams.get('token');
    expect(await service.json(register, { input: `${voided}\n${PASSWORD}` })).toEqual(
      refused(5, 'invalid_invitation_token'),
    );
    expect(await service.json(register, { input: `${invited.stdout}${PASSWORD}` })).toMatchObject({ status: 0 });
    expect((await service.authsvc(['users', 'show', eve])).stdout).toMatch(/^Role {6}editor\nVerified {2}yes$/m);
  });

  it('ends the sessions of one account, or of all', async () => {
    const [first, second, theirs] = [await service.logIn(ada), await service.logIn(ada), await service.logIn(bob)];
    expect(await service.json(['users', 'revoke', ada])).toEqual(done(user(ada)));
    expect(await Promise.all([first, second, theirs].map(service.isOpen))).toEqual([false, false, true]);
    expect(await service.json(['users', 'revoke', '--all'])).toEqual(done({ ended: 1 }));
    expect(await service.isOpen(theirs)).toBe(false);
    for (const args of [[], [ada, '--all']]) {
      expect(await service.json(['users', 'revoke', ...args])).toEqual(
        refused(2, 'usage', 'Say whose: an email, or --all'),
      );
    }
  });

  it.each(['show', 'disable', 'enable', 'delete', 'reset', 'reset-mfa', 'revoke', 'unlock'])(
    '%s refuses who is not there',
    async (name) => {
      const yes = name === 'delete' ? ['--yes'] : [];
      expect(await service.json(['users', name, 'nobody@example.com', ...yes])).toEqual(
        refused(5, 'unknown_email', 'No account has this email'),
      );
      expect(await service.json(['users', name, 'nobody', ...yes])).toMatchObject({ status: 2 });
      expect(await service.json(['users', name, ...yes])).toMatchObject({ status: 2 });
    },
  );
});

describe('what an operator asks', () => {
  it.each([
    ['users', 'list'],
    ['users', 'show', ada],
    ['users', 'revoke', '--all'],
    ['users', 'export'],
    ['users', 'import', import.meta.filename],
    ['audit'],
    ['backup', 'copy.db'],
  ])('needs a daemon: %s %s', async (...args) => {
    const { authsvc, home } = createTestMachine();
    expect(await authsvc(args.filter((word) => word !== undefined))).toEqual({
      status: 3,
      stdout: '',
      stderr: [
        `✗ No daemon runs on ${home}/.local/share/authsvc`,
        '  This command needs the daemon on this machine.',
        '  Start it: authsvc daemon start',
        '',
      ].join('\n'),
    });
  });
});
