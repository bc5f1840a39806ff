import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import {
  type Account,
  findAccount,
  readAccountIndex,
  updateAccountIndex,
  withAccount,
  withoutAccount,
} from './account-index.ts';
import { writePrivateFile } from './private-file.ts';

const server = 'http://127.0.0.1:4100';
const account = (email: string, at = server): Account => ({
  server: at,
  email,
  storage: 'file',
  expires_at: null,
  cookie: 'session_id',
});
const empty = { current: null, accounts: [] };

function makeFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'authsvc-index-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

describe('readAccountIndex', () => {
  it('is empty before the first login, and reads what was written', () => {
    const folder = makeFolder();
    expect(readAccountIndex(folder)).toEqual(empty);
    const index = withAccount(empty, account('ada@example.com'));
    updateAccountIndex(folder, () => index);
    expect(readAccountIndex(folder)).toEqual(index);
  });

  it.each([
    '',
    '{',
    '[]',
    '{"accounts":[]}',
    '{"current":null,"accounts":[{"server":"x","email":"y"}]}',
    '{"current":null,"accounts":[],"devices":{}}',
    '{"current":null,"accounts":[],"devices":[{"server":"x","email":"y","storage":"disk"}]}',
  ])('refuses %s', (text) => {
    const folder = makeFolder();
    writePrivateFile(join(folder, 'accounts.json'), text);
    expect(() => readAccountIndex(folder)).toThrow(expect.objectContaining({ status: 1, code: 'state_unusable' }));
  });
});

describe('updateAccountIndex', () => {
  it('leaves no lock behind, also when the change fails', () => {
    const folder = makeFolder();
    expect(() =>
      updateAccountIndex(folder, () => {
        throw new Error('no');
      }),
    ).toThrow('no');
    updateAccountIndex(folder, (index) => withAccount(index, account('ada@example.com')));
    expect(readdirSync(folder)).toEqual(['accounts.json']);
  });

  it('takes over the lock of a process that was killed', () => {
    const folder = makeFolder();
    writeFileSync(join(folder, 'accounts.json.lock'), '');
    updateAccountIndex(folder, (index) => withAccount(index, account('ada@example.com')));
    expect(readAccountIndex(folder).accounts).toEqual([account('ada@example.com')]);
    expect(readdirSync(folder)).toEqual(['accounts.json']);
  });
});

describe('findAccount', () => {
  const ada = account('Ada@Example.com');
  const grace = account('grace@example.com');
  const remote = account('ada@example.com', 'https://auth.example.com');
  const index = [ada, grace, remote].reduce(withAccount, empty);

  it('goes by the address, in upper or lower case', () => {
    expect(findAccount(index, server, 'ada@example.COM')).toEqual(ada);
    expect(findAccount(index, server, 'nobody@example.com')).toBeUndefined();
  });

  it('takes the one used last on that server, else the newest there', () => {
    expect(findAccount(index, remote.server)).toEqual(remote);
    expect(findAccount(index, server)).toEqual(grace);
    expect(findAccount({ ...index, current: ada }, server)).toEqual(ada);
    expect(findAccount(index, 'http://127.0.0.1:1')).toBeUndefined();
  });

  it('takes no other account in place of the one used last, when that one is logged out', () => {
    expect(findAccount({ ...withoutAccount(index, grace), current: grace }, server)).toBeUndefined();
  });
});

describe('withAccount', () => {
  it('replaces what was known of the account, and makes it the current one', () => {
    const older = withAccount(withAccount(empty, account('ada@example.com')), account('grace@example.com'));
    const newer = { ...account('ADA@example.com'), storage: 'keychain' } as const;
    expect(withAccount(older, newer)).toEqual({
      current: { server, email: 'ADA@example.com' },
      accounts: [newer, account('grace@example.com')],
    });
  });
});
