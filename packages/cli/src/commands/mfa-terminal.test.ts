import { beforeEach, describe, expect, it } from 'vitest';
import { CTRL_C, type PseudoTerminal } from '../../../../test/pseudo-terminal.ts';
import { totpCode } from '../../../../test/totp-code.ts';
import { enrol } from '../testing/enrol.ts';
import { type LocalService, PASSWORD, startLocalService } from '../testing/local-service.ts';
import { openTerminal } from '../testing/pseudo-terminal.ts';

const ada = 'ada@example.com';
const ESC = '\u001b';
const APP_CODE = 'Code from your authenticator app:';
const ANY_CODE = 'Code from your authenticator app, or a recovery code:';
const login = ['login', '--email', ada];

let service: LocalService;

beforeEach(async () => {
  service = await startLocalService();
  await service.register(ada);
  await service.authsvc([...login, '--password-stdin'], { input: PASSWORD });
});

function open(args: readonly string[], env = {}, size?: { cols: number }): PseudoTerminal {
  const own = { HOME: service.machine.home, AUTHSVC_URL: service.url, AUTHSVC_STORAGE: 'file' };
  return openTerminal(args, { ...own, ...env }, size);
}

/** Answers questions in their order, each when it is asked. */
async function answer(terminal: PseudoTerminal, answers: readonly (readonly [question: string, keys: string])[]) {
  for (const [question, keys] of answers) {
    await terminal.shows(question);
    terminal.type(keys);
  }
}

async function secretOn(terminal: PseudoTerminal): Promise<string> {
  await answer(terminal, [['Password:', `${PASSWORD}\r`]]);
  await terminal.shows(APP_CODE);
  const [key = ''] = /([A-Z2-7]{4} ){7}[A-Z2-7]{4}/.exec(terminal.screen()) ?? [];
  return key.replaceAll(' ', '');
}

describe('authsvc login at a terminal', () => {
  it('asks for a code, and for another while it is wrong', async () => {
    const { secret, recoveryCodes } = await enrol(service);
    const terminal = open(login);
    await answer(terminal, [
      ['Password:', `${PASSWORD}\r`],
      [ANY_CODE, '12345\r'],
      ['✗ A code has six digits; a recovery code has 24 letters and digits', ''],
      [ANY_CODE, '000000\r'],
      ['✗ Wrong code', ''],
      [ANY_CODE, `${totpCode(secret, Date.now())}\r`],
      ['✗ ', ''],
      [ANY_CODE, ''],
    ]);
    const next = totpCode(secret, Date.now() + 30_000);
    await answer(terminal, [
      ['', `${next.slice(0, 3)} ${next.slice(3)}\r`],
      [`✓ Logged in to ${new URL(service.url).host} as ${ada}`, ''],
    ]);
    expect(await terminal.ended).toBe(0);
    const again = open(login);
    await answer(again, [
      ['Password:', `${PASSWORD}\r`],
      [ANY_CODE, `${next}\r`],
      ['✗ This code was used already: wait for the next one', ''],
      [ANY_CODE, `${recoveryCodes[0]}\r`],
      ['✓ 9 recovery codes are left', ''],
    ]);
    expect(await again.ended).toBe(0);
    for (const secretText of [next, recoveryCodes[0]]) {
      expect(`${terminal.bytes()}${again.bytes()}`).not.toContain(secretText);
    }
  });

  it('ends after five wrong codes, and says so', async () => {
    await enrol(service);
    const terminal = open(login);
    await answer(terminal, [['Password:', `${PASSWORD}\r`]]);
    for (const code of ['000000', '000001', '000002', '000003', '000004']) {
      await answer(terminal, [
        [ANY_CODE, `${code}\r`],
        ['✗ Wrong code', ''],
      ]);
    }
    await answer(terminal, [
      [ANY_CODE, '000005\r'],
      ['✗ This login took too long or had too many wrong codes: log in again', ''],
      ['Begin again: authsvc login', ''],
    ]);
    expect(await terminal.ended).toBe(4);
    expect(await service.json(['profile'])).toMatchObject({ status: 0 });
  });

  it('leaves nothing behind when the code is refused with Ctrl-C', async () => {
    await enrol(service);
    await service.authsvc(['logout']);
    const terminal = open(login);
    await answer(terminal, [
      ['Password:', `${PASSWORD}\r`],
      [ANY_CODE, CTRL_C],
    ]);
    expect(await terminal.ended).toBe(130);
    expect(await service.json(['profile'])).toMatchObject({ status: 4 });
  });
});

describe('authsvc mfa enable at a terminal', () => {
  it('shows the key beside a QR code, and takes a right code after a wrong one', async () => {
    const terminal = open(['mfa', 'enable']);
    const secret = await secretOn(terminal);
    expect(terminal.bytes()).toContain(`${ESC}[38;5;16;48;5;231m`);
    terminal.type('ABCD-EFGH\r');
    await terminal.shows('✗ A code has six digits');
    await answer(terminal, [
      [APP_CODE, '000000\r'],
      ['✗ Wrong code', ''],
      [APP_CODE, `${totpCode(secret, Date.now())}\r`],
      ['✓ Second factor on; every other session of yours has ended', ''],
    ]);
    expect(await terminal.ended).toBe(0);
    expect(terminal.screen().match(/^([A-Z2-7]{4}-){5}[A-Z2-7]{4}\r$/gm)).toHaveLength(10);
    expect(await service.json(['profile'])).toMatchObject({ status: 0, answer: { email: ada } });
  });

  it('says how to begin again, when a change of password ended the enrolment', async () => {
    const terminal = open(['mfa', 'enable']);
    const secret = await secretOn(terminal);
    const change = ['password', '--password-stdin', '--new-password-stdin'];
    expect(await service.json(change, { input: `${PASSWORD}\nstaple after staple` })).toMatchObject({ status: 0 });
    await answer(terminal, [
      ['', `${totpCode(secret, Date.now())}\r`],
      ['Begin again: authsvc mfa enable', ''],
    ]);
    expect(await terminal.ended).toBe(5);
    expect(await service.json(['mfa'])).toMatchObject({ answer: { totp: null } });
  });

  it.each([
    ['NO_COLOR is set', { NO_COLOR: '1' }, undefined],
    ['the terminal is dumb', { TERM: 'dumb' }, undefined],
    ['the terminal is too narrow', {}, { cols: 44 }],
  ])('shows the key alone where %s', async (_why, env, size) => {
    const terminal = open(['mfa', 'enable'], env, size);
    const secret = await secretOn(terminal);
    expect(terminal.screen()).toContain('Type this key into an authenticator app:');
    expect(terminal.screen()).not.toMatch(/[█▀▄]/);
    if (size === undefined) expect(terminal.bytes()).not.toContain(ESC);
    terminal.type(`${totpCode(secret, Date.now())}\r`);
    await terminal.shows('✓ Second factor on');
    expect(await terminal.ended).toBe(0);
  });

  it('changes nothing when it is left with Ctrl-C', async () => {
    const terminal = open(['mfa', 'enable']);
    await secretOn(terminal);
    terminal.type(CTRL_C);
    expect(await terminal.ended).toBe(130);
    expect(await service.json(['mfa'])).toMatchObject({ answer: { totp: null } });
  });
});

describe('a change that matters, at a terminal', () => {
  const change = async (terminal: PseudoTerminal) => {
    await answer(terminal, [
      ['Current password:', `${PASSWORD}\r`],
      ['New password:', 'staple after staple\r'],
      ['Confirm new password:', 'staple after staple\r'],
    ]);
  };

  it('asks for no code where there is no factor', async () => {
    const terminal = open(['password']);
    await change(terminal);
    await terminal.shows('✓ Password changed');
    expect(await terminal.ended).toBe(0);
    expect(terminal.screen()).not.toContain('Code');
  });

  it('asks for a code where there is one', async () => {
    const { recoveryCodes } = await enrol(service);
    const terminal = open(['password']);
    await change(terminal);
    await answer(terminal, [
      [ANY_CODE, '000000\r'],
      ['✗ Wrong code', ''],
      [ANY_CODE, `${recoveryCodes[0]}\r`],
      ['✓ Password changed', ''],
    ]);
    expect(await terminal.ended).toBe(0);
  });

  it.each(['disable', 'codes'])('asks for password and code for mfa %s', async (name) => {
    const { recoveryCodes } = await enrol(service);
    const terminal = open(['mfa', name]);
    await answer(terminal, [
      ['Password:', `${PASSWORD}\r`],
      [ANY_CODE, '000000\r'],
      ['✗ Wrong code', ''],
      [ANY_CODE, `${recoveryCodes[0]}\r`],
    ]);
    expect(await terminal.ended).toBe(0);
  });
});
