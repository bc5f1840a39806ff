import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { totpCode } from '../../../../test/totp-code.ts';
import { enrol } from '../testing/enrol.ts';
import { type LocalService, PASSWORD, startLocalService } from '../testing/local-service.ts';

const ada = 'ada@example.com';
const RECOVERY_CODE = /^([A-Z2-7]{4}-){5}[A-Z2-7]{4}$/;
const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
const loginArgs = ['login', '--email', ada, '--password-stdin'];
const confirming = ['--password-stdin', '--code-stdin'];

let service: LocalService;

beforeEach(async () => {
  service = await startLocalService();
  await service.register(ada);
  await service.authsvc(loginArgs, { input: PASSWORD });
});

const openSessions = async () =>
  ((await service.json(['users', 'show', ada])).answer as { sessions: unknown[] }).sessions;
const done = (answer: unknown) => ({ status: 0, answer, stderr: '' });
const refused = (status: number, code: string, message: unknown = expect.any(String)) => ({
  status,
  answer: { error: { code, message } },
  stderr: '',
});
/** Sends the code of a secret that is printed. */
const respond = (line: string) => (/^[A-Z2-7]{32}$/.test(line) ? `${totpCode(line, Date.now())}\n` : undefined);
const logIn = (code: string | undefined, ...more: string[]) =>
  service.json([...loginArgs, ...(code === undefined ? [] : ['--code-stdin']), ...more], {
    input: `${PASSWORD}\n${code ?? ''}`,
  });

describe('authsvc mfa', () => {
  it('says that there is no second factor, and how to get one', async () => {
    expect(await service.json(['mfa'])).toEqual(done({ totp: null, recovery_codes: null }));
    expect((await service.authsvc(['mfa'])).stdout).toBe('Second factor  off\nTurn it on: authsvc mfa enable\n');
  });

  it('says since when there is one, and how many recovery codes are left', async () => {
    await enrol(service);
    expect(await service.json(['mfa'])).toEqual(done({ totp: { enabled_at: time }, recovery_codes: { left: 10 } }));
    const { stdout, stderr } = await service.authsvc(['mfa']);
    expect(stdout).toMatch(/^Second factor {3}on since \d{4}-\d\d-\d\d \d\d:\d\d\nRecovery codes {2}10 left\n$/);
    expect(stderr).toBe('');
  });

  it('warns when three are left', async () => {
    const { recoveryCodes } = await enrol(service);
    for (const code of recoveryCodes.slice(0, 7)) expect(await logIn(code)).toMatchObject({ status: 0 });
    const warning = '! 3 recovery codes are left; make new ones: authsvc mfa codes\n';
    expect((await service.authsvc(['mfa'])).stderr).toBe(warning);
    expect((await service.json(['mfa'])).stderr).toBe(warning);
  });

  it('refuses a user who is not logged in', async () => {
    await service.authsvc(['logout']);
    for (const args of [[], ['enable', ...confirming], ['disable', ...confirming], ['codes', ...confirming]]) {
      expect(await service.json(['mfa', ...args], { input: `${PASSWORD}\n123456` })).toEqual(
        refused(4, 'not_logged_in'),
      );
    }
  });
});

describe('authsvc mfa enable', () => {
  it('prints the secret, reads a code of it, and prints ten recovery codes', async () => {
    const { secret, recoveryCodes, answer } = await enrol(service);
    expect(secret).toMatch(/^[A-Z2-7]{32}$/);
    expect(answer).toEqual({
      status: 'second_factor_enabled',
      recovery_codes: Array.from({ length: 10 }, () => expect.stringMatching(RECOVERY_CODE)),
      codes_file: null,
    });
    expect(new Set(recoveryCodes).size).toBe(10);
  });

  it('prints the secret, and then the codes, one a line without --json', async () => {
    const { status, stdout, stderr } = await service.authsvc(['mfa', 'enable', ...confirming], {
      input: `${PASSWORD}\n`,
      respond,
    });
    const [secret, ...codes] = stdout.trimEnd().split('\n');
    expect(status).toBe(0);
    expect(secret).toMatch(/^[A-Z2-7]{32}$/);
    expect(codes).toEqual(Array.from({ length: 10 }, () => expect.stringMatching(RECOVERY_CODE)));
    expect(stderr).toBe(
      [
        '✓ Second factor on; every other session of yours has ended',
        '  Keep these recovery codes safe: each lets you in once without the app',
        '',
      ].join('\n'),
    );
  });

  it('keeps the saved session, under its new token, and ends the others', async () => {
    const elsewhere = await service.logIn(ada);
    const tokens = () => Object.entries(service.machine.files()).filter(([path]) => path.includes('/sessions/'));
    const [before] = tokens();
    await enrol(service);
    const [after] = tokens();
    expect(after?.[0]).toBe(before?.[0]);
    expect(after?.[1]).not.toBe(before?.[1]);
    expect(await service.json(['profile'])).toMatchObject({ status: 0, answer: { email: ada } });
    expect(await service.isOpen(before?.[1].trim() ?? '')).toBe(false);
    expect(await service.isOpen(elsewhere)).toBe(false);
  });

  it('prints the new token of a session from the environment with --json', async () => {
    const AUTHSVC_SESSION = await service.logIn(ada);
    const { answer } = await enrol(service, { env: { AUTHSVC_SESSION } });
    expect(await service.isOpen(AUTHSVC_SESSION)).toBe(false);
    expect(await service.isOpen(String(answer.session))).toBe(true);
  });

  it('ends a session from the environment whose new token it does not print', async () => {
    const AUTHSVC_SESSION = await service.logIn(ada);
    const { status, stderr } = await service.authsvc(['mfa', 'enable', ...confirming], {
      env: { AUTHSVC_SESSION },
      input: `${PASSWORD}\n`,
      respond,
    });
    expect(status).toBe(0);
    expect(stderr).toContain(
      '! The session in AUTHSVC_SESSION has ended; make another: authsvc login --print-session\n',
    );
    expect(await openSessions()).toEqual([]);
  });

  it('keeps the time at which the saved session expires', async () => {
    const expiry = () => {
      const index = service.machine.files()['.local/state/authsvc/accounts.json'] ?? '';
      return Date.parse(JSON.parse(index).accounts[0].expires_at);
    };
    const before = expiry();
    await enrol(service);
    expect(before - expiry()).toBeGreaterThanOrEqual(0);
    expect(before - expiry()).toBeLessThan(60_000);
  });

  it('prints the codes, and ends the session, where its new token cannot be saved', async () => {
    const { status, stdout, stderr } = await service.authsvc(['mfa', 'enable', ...confirming], {
      input: `${PASSWORD}\n`,
      respond: (line) => {
        const code = respond(line);
        const sessions = join(service.machine.home, '.local/state/authsvc/sessions');
        if (code !== undefined) {
          rmSync(sessions, { recursive: true });
          writeFileSync(sessions, 'no folder');
        }
        return code;
      },
    });
    expect(status).toBe(1);
    expect(stderr).toMatch(/^✗ /m);
    const [, ...codes] = stdout.trimEnd().split('\n');
    expect(codes).toEqual(Array.from({ length: 10 }, () => expect.stringMatching(RECOVERY_CODE)));
    expect(await openSessions()).toEqual([]);
  });

  it.each([
    ['a wrong password', 'not it at all\n123456\n', 'invalid_credentials'],
    ['a wrong code', `${PASSWORD}\n000000\n`, 'invalid_code'],
    ['a recovery code', `${PASSWORD}\nMZXW-6YTB-OI5D-QNBR-GIZT-INJW\n`, 'invalid_code'],
  ])('changes nothing for %s', async (_what, input, code) => {
    const { status, stdout } = await service.authsvc(['mfa', 'enable', ...confirming, '--json'], { input });
    expect({ status, error: JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '') }).toMatchObject({
      status: 4,
      error: { error: { code } },
    });
    expect(await service.json(['mfa'])).toEqual(done({ totp: null, recovery_codes: null }));
  });

  it('names the options that are missing without a terminal', async () => {
    const missing = (option: string) =>
      refused(2, 'input_required', `${option} is required when not running interactively`);
    expect(await service.json(['mfa', 'enable'])).toEqual(missing('--password-stdin'));
    expect(await service.json(['mfa', 'enable', '--password-stdin'])).toEqual(missing('--code-stdin'));
  });

  it('refuses a second one before it asks anything', async () => {
    await enrol(service);
    expect(await service.json(['mfa', 'enable', ...confirming], { input: 'any\n' })).toEqual(
      refused(5, 'factor_enabled', 'This account has a second factor already'),
    );
  });
});

describe('--codes-file', () => {
  const file = () => join(service.machine.home, 'codes.txt');

  it('gets the codes, for its owner alone, and standard output does not', async () => {
    const { answer } = await enrol(service, { args: ['--codes-file', file()] });
    expect(answer).toEqual({ status: 'second_factor_enabled', recovery_codes: null, codes_file: file() });
    expect(statSync(file()).mode & 0o777).toBe(0o600);
    const codes = readFileSync(file(), 'utf8').trimEnd().split('\n');
    expect(codes).toEqual(Array.from({ length: 10 }, () => expect.stringMatching(RECOVERY_CODE)));
    expect(await logIn(codes[0])).toMatchObject({ status: 0 });
  });

  it.each(['enable', 'codes'])('of mfa %s is never overwritten', async (name) => {
    writeFileSync(file(), 'a diary');
    expect(
      await service.json(['mfa', name, ...confirming, '--codes-file', file()], { input: `${PASSWORD}\n123456` }),
    ).toEqual(refused(5, 'file_exists', `${file()} exists already. Recovery codes are written to a new file only.`));
    expect(readFileSync(file(), 'utf8')).toBe('a diary');
    const nowhere = join(service.machine.home, 'nowhere', 'codes.txt');
    expect(
      await service.json(['mfa', name, ...confirming, '--codes-file', nowhere], { input: `${PASSWORD}\n123456` }),
    ).toEqual(refused(1, 'path_unusable'));
    const within = join(file(), 'codes.txt');
    expect(
      await service.json(['mfa', name, ...confirming, '--codes-file', within], { input: `${PASSWORD}\n123456` }),
    ).toEqual(refused(1, 'path_unusable'));
  });

  it.each(['enable', 'codes'])('of mfa %s needs a name', async (name) => {
    for (const path of ['', `${file()}/`]) {
      expect(
        await service.json(['mfa', name, ...confirming, '--codes-file', path], { input: `${PASSWORD}\n123456` }),
      ).toEqual(refused(2, 'usage', `--codes-file is the path of a new file, and not "${path}"`));
    }
  });

  it('keeps the codes off standard output', async () => {
    const args = ['mfa', 'enable', ...confirming, '--codes-file', file()];
    const { status, stdout, stderr } = await service.authsvc(args, { input: `${PASSWORD}\n`, respond });
    expect(status).toBe(0);
    expect(stdout).toMatch(/^[A-Z2-7]{32}\n$/);
    expect(stderr).toContain(`  The recovery codes are in ${file()}: keep them safe`);
  });

  it('that appears meanwhile is left alone, and the codes are printed', async () => {
    const { status, stdout, stderr } = await service.authsvc(['mfa', 'enable', ...confirming, '--codes-file', file()], {
      input: `${PASSWORD}\n`,
      respond: (line) => {
        if (!/^[A-Z2-7]{32}$/.test(line)) return undefined;
        writeFileSync(file(), 'a diary');
        return `${totpCode(line, Date.now())}\n`;
      },
    });
    expect(status).toBe(0);
    expect(stdout.trimEnd().split('\n')).toHaveLength(11);
    expect(stderr).toContain(`! ${file()} cannot be used (EEXIST): the recovery codes are printed instead\n`);
    expect(readFileSync(file(), 'utf8')).toBe('a diary');
  });
});

describe('authsvc mfa codes', () => {
  it('voids the old codes, and prints new ones', async () => {
    const { secret, recoveryCodes } = await enrol(service);
    const input = `${PASSWORD}\n${totpCode(secret, Date.now() + 30_000)}`;
    const { status, answer } = await service.json(['mfa', 'codes', ...confirming], { input });
    expect(status).toBe(0);
    expect(answer).toEqual({
      status: 'recovery_codes_renewed',
      recovery_codes: Array.from({ length: 10 }, () => expect.stringMatching(RECOVERY_CODE)),
      codes_file: null,
    });
    expect(await logIn(recoveryCodes[0])).toMatchObject(refused(4, 'invalid_code'));
    expect(await logIn((answer as { recovery_codes: string[] }).recovery_codes[0])).toMatchObject({ status: 0 });
  });
});

describe('authsvc mfa disable', () => {
  it.each(['disable', 'codes'])('and mfa codes name the options that are missing, as mfa %s', async (name) => {
    const missing = (option: string) =>
      refused(2, 'input_required', `${option} is required when not running interactively`);
    expect(await service.json(['mfa', name])).toEqual(missing('--password-stdin'));
    expect(await service.json(['mfa', name, '--password-stdin'])).toEqual(missing('--code-stdin'));
  });

  it('asks for password and code, and then the password alone logs in', async () => {
    const { recoveryCodes } = await enrol(service);
    const disable = ['mfa', 'disable', ...confirming];
    expect(await service.json(disable, { input: `not it at all\n${recoveryCodes[0]}` })).toEqual(
      refused(4, 'invalid_credentials'),
    );
    expect(await service.json(disable, { input: `${PASSWORD}\n000000` })).toEqual(
      refused(4, 'invalid_code', 'Wrong code'),
    );
    expect(await service.json(disable, { input: `${PASSWORD}\n${recoveryCodes[0]}` })).toEqual(
      done({ status: 'second_factor_disabled' }),
    );
    expect(await logIn(undefined)).toMatchObject({ status: 0 });
  });

  it.each(['disable', 'codes'])('like mfa codes, refuses an account without a factor, as mfa %s', async (name) => {
    const file = join(service.machine.home, 'codes.txt');
    expect(await service.json(['mfa', name, ...confirming], { input: `${PASSWORD}\n123456` })).toEqual(
      refused(5, 'not_found', 'This account has no second factor'),
    );
    expect(existsSync(file)).toBe(false);
  });
});

describe('authsvc login, for an account with a second factor', () => {
  it('takes the code from the line after the password', async () => {
    const { secret } = await enrol(service);
    const code = totpCode(secret, Date.now() + 30_000);
    expect(await logIn(`${code.slice(0, 3)} ${code.slice(3)}`)).toEqual(
      done({ email: ada, server: service.url, storage: 'file', expires_at: expect.any(String) }),
    );
    expect(await service.json(['profile'])).toMatchObject({ status: 0 });
    expect(await logIn(code)).toEqual(refused(4, 'invalid_code', 'This code was used already: wait for the next one'));
  });

  it('names the option where there is no terminal, and sends no code', async () => {
    await enrol(service);
    expect(await logIn(undefined)).toEqual(
      refused(
        2,
        'second_factor_required',
        'This account has a second factor: --code-stdin is required when not running interactively',
      ),
    );
    expect(await service.json([...loginArgs, '--code-stdin'], { input: PASSWORD })).toEqual(
      refused(2, 'input_required', '--code-stdin found no line 2 on standard input'),
    );
  });

  it('says how many recovery codes are left after one was used', async () => {
    const { recoveryCodes } = await enrol(service);
    const lower = recoveryCodes[0]?.toLowerCase().replaceAll('-', ' ');
    const login = await service.authsvc([...loginArgs, '--code-stdin'], { input: `${PASSWORD}\n${lower}` });
    expect(login.stderr).toMatch(/\n✓ 9 recovery codes are left\n$/);
    for (const code of recoveryCodes.slice(1, 8)) await logIn(code);
    const last = await logIn(recoveryCodes[8], '--print-session');
    expect(last).toMatchObject({ status: 0, answer: { storage: 'none' } });
    expect(last.stderr).toBe('! One recovery code is left; make new ones: authsvc mfa codes\n');
  });

  it('needs no code where there is no factor', async () => {
    expect(await logIn('123456')).toMatchObject({ status: 0 });
  });
});

describe('a change that matters, of an account with a second factor', () => {
  const changes = [
    ['password', ['--password-stdin', '--new-password-stdin'], `${PASSWORD}\nstaple after staple`],
    ['email', ['--new-email', 'new@example.com', '--password-stdin'], PASSWORD],
    ['delete', ['--yes', '--password-stdin'], PASSWORD],
  ] as const;

  it.each(changes)('takes the code for authsvc %s from the last line', async (name, args, input) => {
    const { recoveryCodes } = await enrol(service);
    expect(await service.json([name, ...args], { input })).toEqual(refused(2, 'second_factor_required'));
    expect(await service.json([name, ...args, '--code-stdin'], { input: `${input}\n000000` })).toEqual(
      refused(4, 'invalid_code'),
    );
    expect(
      await service.json([name, ...args, '--code-stdin'], { input: `${input}\n${recoveryCodes[0]}` }),
    ).toMatchObject({ status: 0, stderr: '' });
  });
});
