import { chmodSync, linkSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { readSettings } from '../daemon/read-settings.ts';
import { CliError } from '../errors.ts';
import { exitStatus } from '../exit-status.ts';
import type { KeychainLibrary } from '../keychain/keychain.ts';
import type { Account } from '../session-store/account-index.ts';
import { createMemoryKeychain } from '../testing/memory-keychain.ts';
import { judgeCodes } from './check-codes.ts';
import { checkFolder, checkSqlite } from './check-data.ts';
import { checkKeychain } from './check-keychain.ts';
import { checkClock, checkDisk, checkNode, checkPort, judgeRoom } from './check-machine.ts';
import { judgeResetDelivery, judgeSettings } from './check-settings.ts';
import { findingOf } from './finding.ts';

function makeFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'authsvc-doctor-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
}

describe('checkNode', () => {
  it.each([
    ['20.19.0', 'ok'],
    ['20.18.3', 'problem'],
    ['18.20.0', 'problem'],
    ['24.0.0', 'ok'],
  ])('finds %s %s', (version, state) => {
    expect(checkNode(version, '>=20.19').state).toBe(state);
  });
});

describe('checkKeychain', () => {
  const absent = { state: 'absent', reason: 'no Secret Service on D-Bus' } as const;
  it.each([
    ['open' as const, undefined, 'ok', 'open, through keytar; sessions are kept there'],
    [absent, 'file', 'ok', 'not used: AUTHSVC_STORAGE is file'],
    [absent, undefined, 'warning', 'none here (no Secret Service on D-Bus)'],
    [absent, 'keychain', 'problem', 'none here (no Secret Service on D-Bus), and AUTHSVC_STORAGE forbids a file'],
    [{ state: 'locked', reason: 'it asked to be unlocked' } as const, undefined, 'problem', 'locked'],
    [{ state: 'failed', reason: 'it has no keyring' } as const, undefined, 'problem', 'unusable (it has no keyring)'],
  ])('with one that is %j and AUTHSVC_STORAGE %s finds %s', async (keychain, AUTHSVC_STORAGE, state, message) => {
    const context = { env: { AUTHSVC_STORAGE }, keychain: createMemoryKeychain(keychain) };
    const [finding, ...others] = await checkKeychain(context, []);
    expect([finding?.state, finding?.message]).toEqual([state, expect.stringContaining(message)]);
    expect([finding?.remedy === undefined, others]).toEqual([state === 'ok', []]);
  });

  it('says what holds the stored sessions, and which cannot be read', async () => {
    const account = (email: string, library?: KeychainLibrary): Account => {
      const place = { storage: 'keychain', ...(library && { library }) } as const;
      return { server: 'http://127.0.0.1:4100', email, ...place, expires_at: null, cookie: 'session_id' };
    };
    const accounts = [account('a@example.com'), account('b@example.com', 'keytar')];
    const keychain = createMemoryKeychain();
    keychain.get = ({ library }) =>
      Promise.resolve(
        library === 'keytar' ? { state: 'ok' } : { state: 'absent', reason: `${library} cannot be loaded` },
      );
    expect(
      await checkKeychain({ env: {}, keychain }, [...accounts, account('c@example.com', '@napi-rs/keyring')]),
    ).toEqual([
      {
        state: 'ok',
        message:
          'open, through keytar; sessions are kept there; keytar holds 2 sessions; @napi-rs/keyring holds 1 session',
      },
      {
        state: 'warning',
        message: '1 session there cannot be read: @napi-rs/keyring cannot be loaded',
        remedy: { say: 'Log in again', command: 'authsvc login' },
      },
    ]);
  });
});

describe('checkFolder', () => {
  const context = { env: {}, platform: 'linux' } as const;

  it('is content with what is not made yet, and with what is closed', () => {
    const folder = join(makeFolder(), 'data');
    expect(checkFolder(folder, context)).toEqual({ state: 'ok', message: `${folder} is not made yet` });
    mkdirSync(folder, { mode: 0o700 });
    writeFileSync(join(folder, 'authsvc.db'), '', { mode: 0o600 });
    symlinkSync('elsewhere', join(folder, 'link'));
    expect(checkFolder(folder, context)).toEqual({ state: 'ok', message: `${folder} is closed to other users` });
  });

  it.each([
    [0o755, 0o600, ''],
    [0o700, 0o640, 'logs/authsvc.log'],
    [0o700, 0o604, 'logs/authsvc.log'],
  ])('names what is open: folder %o, log %o', (folderMode, fileMode, name) => {
    const folder = makeFolder();
    mkdirSync(join(folder, 'logs'), { mode: 0o700 });
    writeFileSync(join(folder, 'logs', 'authsvc.log'), '', { mode: fileMode });
    chmodSync(folder, folderMode);
    expect(checkFolder(folder, context)).toEqual({
      state: 'problem',
      message: `${name || folder} is open to other users`,
      remedy: { say: 'Close it', command: `chmod -R go= ${folder}` },
    });
  });

  it('gives a command that can be pasted, whatever the folder is called', () => {
    const folder = join(makeFolder(), "ada's data");
    mkdirSync(folder);
    chmodSync(folder, 0o755);
    const { remedy } = checkFolder(folder, context);
    expect(remedy?.command).toBe(`chmod -R go= '${folder.replace("'", "'\\''")}'`);
  });
});

describe('checkDisk', () => {
  it('measures the disk of a folder that is not made yet', () => {
    expect(checkDisk(join(makeFolder(), 'not', 'yet')).message).toMatch(/^\d+(\.\d)? [GM]B free where the data lies$/);
  });

  it.each([
    [5_000_000_000, 'ok', '5.0 GB'],
    [999_000_000, 'warning', '999 MB'],
    [99_000_000, 'problem', '99 MB'],
  ])('finds %i bytes %s', (bytes, state, text) => {
    expect(judgeRoom(bytes)).toMatchObject({ state, message: `${text} free where the data lies` });
  });
});

describe('checkClock', () => {
  const now = Date.parse('2026-11-22T16:40:00.400Z');
  it.each([
    ['Sun, 22 Nov 2026 16:40:00 GMT', 'ok', 'in step with the daemon'],
    ['Sun, 22 Nov 2026 16:39:55 GMT', 'ok', 'in step with the daemon'],
    ['Sun, 22 Nov 2026 16:40:30 GMT', 'warning', '30 s behind the daemon: expiries are shown wrong'],
    ['Sun, 22 Nov 2026 16:30:00 GMT', 'warning', '10 min ahead of the daemon: expiries are shown wrong'],
    [undefined, 'warning', 'the daemon does not say what time it is'],
  ])('finds a daemon at %s %s', (date, state, message) => {
    expect(checkClock(date, now, now)).toMatchObject({ state, message });
  });
});

describe('checkPort', () => {
  it('says who holds it', async () => {
    const server = createServer((_, response) => response.end('{}'));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const finding = await checkPort('127.0.0.1', port);
    expect(finding).toMatchObject({ state: 'problem', message: expect.stringContaining(`${port} is held by `) });
    if (process.platform === 'linux') expect(finding.message).toContain(`(pid ${process.pid})`);
    await new Promise((resolve) => server.close(resolve));
    expect(await checkPort('127.0.0.1', port)).toEqual({ state: 'ok', message: `${port} is free` });
  });

  it('knows an address that this machine does not have', async () => {
    expect((await checkPort('192.0.2.1', 4100)).message).toBe('this machine does not have the address 192.0.2.1');
  });
});

describe('checkSqlite', () => {
  it.each([
    ['SELECT 1', 'ok', 'SQLite, whole; schema up to date'],
    ['DELETE FROM migrations', 'warning', 'SQLite, whole; schema older than this version'],
    ["INSERT INTO migrations (name) VALUES ('9999-later')", 'problem', 'schema of a newer version of authsvc'],
  ])('after %s finds %s', async (sql, state, message) => {
    const path = join(makeFolder(), 'authsvc.db');
    expect(await checkSqlite(path)).toEqual({ state: 'ok', message: 'SQLite; not made yet' });
    const { openSqliteDatabase } = await import('@authsvc/core');
    const database = await openSqliteDatabase(path);
    await database.migrate();
    await database.write.raw(sql);
    await database.close();
    expect(await checkSqlite(path)).toMatchObject({ state, message: expect.stringContaining(message) });
  });

  it('names what tells that there was a database', async () => {
    const path = join(makeFolder(), 'authsvc.db');
    writeFileSync(`${path}-wal`, 'the newest writes');
    expect(await checkSqlite(path)).toMatchObject({ state: 'problem', message: expect.stringContaining('is gone') });
  });

  it('names a database that has two names', async () => {
    const path = join(makeFolder(), 'authsvc.db');
    const { openSqliteDatabase } = await import('@authsvc/core');
    await (await openSqliteDatabase(path)).close();
    linkSync(path, `${path}.second`);
    const message = expect.stringContaining('has a second name (a hard link)');
    expect(await checkSqlite(path)).toMatchObject({ state: 'problem', message });
  });

  it('names a file that is no database', async () => {
    const path = join(makeFolder(), 'authsvc.db');
    writeFileSync(path, 'a diary');
    expect(await checkSqlite(path)).toMatchObject({ state: 'problem', message: expect.stringContaining(path) });
  });
});

describe('judgeCodes', () => {
  it.each([
    [1, true, 'typed late, or the clock of a phone is wrong', 'authsvc audit --since 1d'],
    [1, undefined, 'typed late, or the clock of a phone is wrong', 'authsvc audit --since 1d'],
    [2, undefined, 'and the clock of this machine may be wrong', 'timedatectl set-ntp true'],
    [1, false, 'and the clock of this machine is not synchronised', 'timedatectl set-ntp true'],
  ])('of %s, on a clock that is synchronised: %s', (accounts, isSynchronised, why, command) => {
    expect(judgeCodes(accounts, isSynchronised)).toMatchObject({
      state: 'warning',
      message: expect.stringContaining(why),
      remedy: { command },
    });
  });
});

describe('judgeSettings', () => {
  it('tells of what keeps a daemon from starting, and of what weakens it', async () => {
    const refused = await readSettings({ env: { AUTHSVC_LISTEN_PORT: 'x', AUTHSVC_BCRYPT_COST: '9' } });
    expect(judgeSettings(refused.problems, refused.warnings).map(({ state }) => state)).toEqual(['problem', 'problem']);
    const weak = await readSettings({ env: { AUTHSVC_BCRYPT_COST: '10', AUTHSVC_RESET_DELIVERY: 'operator' } });
    expect([judgeSettings([], weak.warnings), judgeResetDelivery(weak.warnings)]).toEqual([
      [{ state: 'warning', message: expect.stringContaining('AUTHSVC_BCRYPT_COST is 10 (default 12)') }],
      { state: 'ok', message: 'not returned in responses' },
    ]);
    const usual = await readSettings({ env: {} });
    expect([judgeSettings([], usual.warnings), judgeResetDelivery(usual.warnings).state]).toEqual([
      [{ state: 'ok', message: 'nothing weakens the defaults' }],
      'warning',
    ]);
  });
});

describe('findingOf', () => {
  it('keeps what a command would have said', () => {
    const error = new CliError({
      status: exitStatus.unexpected,
      code: 'state_unusable',
      what: 'accounts.json cannot be used',
      why: 'It is not JSON.',
      next: { say: 'Remove it' },
    });
    expect(findingOf(error)).toEqual({
      state: 'problem',
      message: 'accounts.json cannot be used: It is not JSON',
      remedy: { say: 'Remove it' },
    });
    expect(findingOf(new Error('odd'))).toMatchObject({ state: 'problem', message: 'odd' });
  });
});
