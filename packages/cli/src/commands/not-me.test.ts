import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { type LocalService, PASSWORD, startLocalService } from '../testing/local-service.ts';
import { publishedIn } from '../testing/published-json.ts';

const ada = 'ada@example.com';
const newPassword = 'staple after staple';

let service: LocalService;
let mails: string;

/** The newest of so many mails. */
async function readMail(count: number): Promise<string> {
  const found = await vi.waitFor(() => {
    const names = readdirSync(mails).filter((name) => name.endsWith('.json'));
    expect(names).toHaveLength(count);
    return names.sort().map((name): { text: string } => JSON.parse(readFileSync(join(mails, name), 'utf8')));
  }, 20_000);
  return found.at(-1)?.text ?? '';
}
const tokenIn = (text: string) => /^ {4}([\da-f-]{36})$/m.exec(text)?.[1] ?? '';
const sayNotMe = (token: string) => ({ input: `${token}\n` });

beforeEach(async () => {
  mails = mkdtempSync(join(tmpdir(), 'authsvc-mails-'));
  onTestFinished(() => rmSync(mails, { recursive: true }));
  service = await startLocalService({ env: { AUTHSVC_MAIL_DIR: mails, AUTHSVC_PAGES: 'off' } });
  await service.register(ada);
  const proof = ['verify', '--email', ada, '--token-stdin', '--password-stdin'];
  await service.authsvc(proof, { input: `${tokenIn(await readMail(1))}\n${PASSWORD}` });
  await service.authsvc(['login', '--email', ada, '--password-stdin'], { input: PASSWORD });
  const change = ['password', '--password-stdin', '--new-password-stdin'];
  await service.authsvc(change, { input: `${PASSWORD}\n${newPassword}` });
});

describe('authsvc not-me', () => {
  it('takes the account back with the token of a mail that names it, once', async () => {
    const mail = await readMail(2);
    expect(mail).toContain('\n    authsvc not-me --token-stdin\n');
    expect(await service.authsvc(['not-me', '--token-stdin'], sayNotMe(tokenIn(mail)))).toEqual({
      status: 0,
      stdout: '',
      stderr:
        '✓ Everyone is logged out, and the account is locked until you choose a new password\n  Next: authsvc reset\n',
    });
    expect(await service.logIn(ada, newPassword)).toBe('');
    expect(await service.authsvc(['not-me', '--token-stdin'], sayNotMe(tokenIn(mail)))).toMatchObject({
      status: 5,
      stderr: expect.stringContaining(
        '\n  You can still choose a new password, which ends all sessions: authsvc reset\n',
      ),
    });
  });

  it('says so with --json, as its help shows', async () => {
    const token = tokenIn(await readMail(2));
    const answer = { server: service.url, status: 'account_locked' };
    expect(await service.json(['not-me', '--token-stdin'], sayNotMe(token))).toEqual({ status: 0, answer, stderr: '' });
    const { stdout: help } = await service.authsvc(['not-me', '--help']);
    expect(publishedIn(help)).toEqual([{ ...answer, server: expect.any(String) }]);
  });

  it('asks for no token where there is no terminal', async () => {
    expect(await service.authsvc(['not-me'])).toMatchObject({ status: 2 });
  });
});
