import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { type LocalService, PASSWORD, startLocalService } from '../testing/local-service.ts';

const ada = 'ada@example.com';
const newPassword = 'staple after staple';
const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);

let service: LocalService;
let mails: string;

/** The token of the newest of so many mails. */
async function readToken(count: number): Promise<string> {
  const found = await vi.waitFor(() => {
    const names = readdirSync(mails).filter((name) => name.endsWith('.json'));
    expect(names).toHaveLength(count);
    return names.sort().map((name): { text: string } => JSON.parse(readFileSync(join(mails, name), 'utf8')));
  }, 20_000);
  return /[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}/.exec(found.at(-1)?.text ?? '')?.[0] ?? '';
}

/** An account whose owner has locked it, by the notice of a change that was not theirs. */
beforeEach(async () => {
  mails = mkdtempSync(join(tmpdir(), 'authsvc-mails-'));
  onTestFinished(() => rmSync(mails, { recursive: true }));
  service = await startLocalService({ env: { AUTHSVC_MAIL_DIR: mails } });
  await service.register(ada);
  const proof = ['verify', '--email', ada, '--token-stdin', '--password-stdin'];
  await service.authsvc(proof, { input: `${await readToken(1)}\n${PASSWORD}` });
  await service.authsvc(['login', '--email', ada, '--password-stdin'], { input: PASSWORD });
  const change = ['password', '--password-stdin', '--new-password-stdin'];
  await service.authsvc(change, { input: `${PASSWORD}\n${newPassword}` });
  const response = await fetch(`${service.url}/not_me`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ token: await readToken(2) }),
  });
  expect(await response.json()).toEqual({ message: 'account locked' });
});

describe('a locked account', () => {
  it('is shown as such, without sessions and devices', async () => {
    expect(await service.json(['users', 'show', ada])).toMatchObject({
      status: 0,
      answer: { locked_at: time, disabled_at: null, sessions: [], devices: [] },
    });
    expect((await service.authsvc(['users', 'show', ada])).stdout).toMatch(
      /^Status {4}locked by its owner since \d{4}-\d\d-\d\d \d\d:\d\d$/m,
    );
    expect((await service.authsvc(['users', 'list'])).stdout).toMatch(/^○ {2}ada.* {2}locked\n$/);
  });

  it('gets no reset token of an operator, who hears how to unlock it', async () => {
    expect(await service.authsvc(['users', 'reset', ada])).toEqual({
      status: 5,
      stdout: '',
      stderr: [
        '✗ The owner locked this account, and opens it with a reset by mail; or unlock it first',
        `  If you know that it is the owner who asks: authsvc users unlock ${ada}`,
        '',
      ].join('\n'),
    });
  });

  it('logs in once it is unlocked, and not before', async () => {
    const logIn = () => service.logIn(ada, newPassword);
    expect(await logIn()).toBe('');
    expect((await service.authsvc(['users', 'enable', ada])).stderr).toBe(
      `✓ ${ada} may log in again\n! The account is still locked; to change that: authsvc users unlock ${ada}\n`,
    );
    expect(await service.authsvc(['users', 'unlock', ada])).toEqual({
      status: 0,
      stdout: '',
      stderr: `✓ ${ada} is not locked any more: its password logs in\n`,
    });
    expect(await service.isOpen(await logIn())).toBe(true);
    expect((await service.authsvc(['users', 'reset', ada])).status).toBe(0);
  });

  it('stays closed where it is disabled as well', async () => {
    await service.authsvc(['users', 'disable', ada]);
    expect((await service.authsvc(['users', 'list'])).stdout).toMatch(/^○ {2}ada.* {2}disabled, locked\n$/);
    expect((await service.authsvc(['users', 'unlock', ada])).stderr).toBe(
      `✓ ${ada} is not locked any more: its password logs in\n! The account is still disabled; to change that: authsvc users enable ${ada}\n`,
    );
    expect(await service.logIn(ada, newPassword)).toBe('');
  });
});
