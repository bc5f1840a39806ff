import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { enrol } from '../testing/enrol.ts';
import { type LocalService, PASSWORD, startLocalService } from '../testing/local-service.ts';

const ada = 'ada@example.com';
const countess = 'countess@example.com';

let service: LocalService;
let mails: string;

beforeEach(async () => {
  mails = mkdtempSync(join(tmpdir(), 'authsvc-mails-'));
  onTestFinished(() => rmSync(mails, { recursive: true }));
  service = await startLocalService({ env: { AUTHSVC_MAIL_DIR: mails } });
});

/** The token of the nth mail to an address. */
async function readToken(address: string, count = 1): Promise<string> {
  const read = () =>
    readdirSync(mails)
      .filter((name) => name.endsWith('.json'))
      .sort()
      .map((name): { to: string; text: string } => JSON.parse(readFileSync(join(mails, name), 'utf8')))
      .filter(({ to }) => to === address);
  const found = await vi.waitFor(() => {
    const all = read();
    expect(all).toHaveLength(count);
    return all;
  }, 20_000);
  return /^ {4}([\da-f-]{36})$/m.exec(found.at(-1)?.text ?? '')?.[1] ?? '';
}

const register = () => service.authsvc(['register', '--email', ada, '--password-stdin'], { input: PASSWORD });
const verify = (email: string, input: string) =>
  service.authsvc(['verify', '--email', email, '--token-stdin', '--password-stdin'], { input });

describe('authsvc verify', () => {
  it('makes the account that register asked for, with the password that is typed here', async () => {
    expect(await register()).toEqual({
      status: 0,
      stdout: '',
      stderr: `✓ Verification instructions sent to ${ada}: there is no account before it is confirmed\n  With the token: authsvc verify --email ${ada} --token-stdin\n`,
    });
    const token = await readToken(ada);
    const chosen = 'staple after staple';
    expect(await verify(ada, `${token}\n${chosen}`)).toEqual({
      status: 0,
      stdout: '',
      stderr: `✓ ${ada} is confirmed\n  Next: authsvc login\n`,
    });
    expect(await service.isOpen(await service.logIn(ada, chosen))).toBe(true);
    expect(await verify(ada, `${token}\n${chosen}`)).toEqual({
      status: 5,
      stdout: '',
      stderr: `✗ This verification token is not valid, was used, or has expired\n  For a new account, have the mail sent again (for a change of email, run authsvc email again): authsvc verify --email ${ada}\n`,
    });
  });

  it('has the mail sent again, and says so with --json', async () => {
    const registered = await service.json(['register', '--email', ada, '--password-stdin'], { input: PASSWORD });
    expect(registered.answer).toEqual({ email: ada, server: service.url, status: 'verification_sent' });
    await readToken(ada);
    expect(await service.json(['verify', '--email', ada])).toEqual({
      status: 0,
      answer: { email: ada, server: service.url, status: 'instructions_sent' },
      stderr: '',
    });
    expect((await verify(ada, `${await readToken(ada, 2)}\n${PASSWORD}`)).status).toBe(0);
  });

  it('puts a change of email in force, with the password of the account, and keeps the session under the new one', async () => {
    await register();
    await verify(ada, `${await readToken(ada)}\n${PASSWORD}`);
    await service.authsvc(['login', '--email', ada, '--password-stdin'], { input: PASSWORD });
    const change = ['email', '--new-email', countess, '--password-stdin'];
    expect(await service.authsvc(change, { input: PASSWORD })).toEqual({
      status: 0,
      stdout: '',
      stderr: `✓ Verification instructions sent to ${countess}: your email changes once it is confirmed\n  With the token: authsvc verify --email ${countess} --token-stdin\n`,
    });
    const grace = 'grace@example.com';
    await service.authsvc(['register', '--email', grace, '--password-stdin'], { input: PASSWORD });
    await verify(grace, `${await readToken(grace)}\n${PASSWORD}`);
    await service.authsvc(['login', '--email', grace, '--password-stdin'], { input: PASSWORD });
    const token = await readToken(countess);
    expect(await verify(countess, `${token}\nstaple after staple`)).toMatchObject({ status: 4 });
    expect(await verify(countess, `${token}\n${PASSWORD}`)).toEqual({
      status: 0,
      stdout: '',
      stderr: `✓ ${countess} is confirmed; your sessions stay open\n`,
    });
    expect((await service.json(['profile', '--all'])).answer).toMatchObject({
      accounts: [
        { email: countess, current: true },
        { email: grace, current: false },
      ],
    });
    expect((await service.authsvc(['logout', '--email', countess])).status).toBe(0);
  });

  it('puts a change of email in force with a code too, of an account with a second factor', async () => {
    await register();
    await verify(ada, `${await readToken(ada)}\n${PASSWORD}`);
    await service.authsvc(['login', '--email', ada, '--password-stdin'], { input: PASSWORD });
    const { recoveryCodes } = await enrol(service);
    const change = ['email', '--new-email', countess, '--password-stdin', '--code-stdin'];
    const input = `${PASSWORD}\n${recoveryCodes[0]}`;
    expect(await service.json(change, { input })).toMatchObject({ status: 0 });
    const token = await readToken(countess);
    expect(await verify(countess, `${token}\n${PASSWORD}`)).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('--code-stdin is required'),
    });
    const proof = ['verify', '--email', countess, '--token-stdin', '--password-stdin', '--code-stdin'];
    const withCode = (code: string | undefined) => service.json(proof, { input: `${token}\n${PASSWORD}\n${code}` });
    expect(await withCode('000000')).toMatchObject({ status: 4, answer: { error: { code: 'invalid_code' } } });
    expect(await withCode(recoveryCodes[1])).toMatchObject({ status: 0, answer: { status: 'email_verified' } });
  });
});

it('a second factor waits for the proof of the address, where mails are sent', async () => {
  const settings = { env: { AUTHSVC_MAIL_DIR: mails, AUTHSVC_EMAIL_VERIFICATION: 'off' } };
  const unproven = await startLocalService(settings);
  await unproven.register(ada);
  await unproven.authsvc(['login', '--email', ada, '--password-stdin'], { input: PASSWORD });
  const enable = ['mfa', 'enable', '--password-stdin', '--code-stdin'];
  expect(await unproven.json(enable, { input: `${PASSWORD}\n` })).toEqual({
    status: 5,
    answer: {
      error: {
        code: 'email_not_verified',
        message: 'Prove your email address first: reset your password by mail',
      },
    },
    stderr: '',
  });
  expect((await unproven.authsvc(enable, { input: `${PASSWORD}\n` })).stderr).toContain(
    '  Have the mail sent: authsvc reset\n',
  );
});
