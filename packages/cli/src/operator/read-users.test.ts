import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readUsers } from './read-users.ts';

const hash = `$2b$10$${'a'.repeat(53)}`;

describe('readUsers', () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'authsvc-cli-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  async function read(name: string, text: string) {
    const path = join(folder, name);
    await writeFile(path, text);
    const lines: unknown[] = [];
    for await (const line of readUsers(path, name === 'users.csv' ? 'csv' : 'jsonl')) lines.push(line);
    return lines;
  }
  const account = { email: 'ada@example.com', password_hash: hash, created_at: undefined, disabled_at: undefined };

  it.each(['', 'NULL', 'null', '\\N', '0', '0000-00-00', '0000-00-00 00:00:00', ' '])(
    'takes %j in a CSV file for no time',
    async (none) => {
      const text = `email,password_hash,created_at,disabled_at\nada@example.com,${hash},${none},${none}\n`;
      expect(await read('users.csv', text)).toEqual([{ ...account, line: 2 }]);
    },
  );

  it.each([null, '', 'NULL', '\\N', 0, '0', '0000-00-00T00:00:00Z'])('takes %j in JSON for no time', async (none) => {
    const text = JSON.stringify({ email: account.email, password_hash: hash, created_at: none, disabled_at: none });
    expect(await read('users.jsonl', text)).toEqual([{ ...account, line: 1 }]);
  });

  it.each(['', 'NULL', '\\N'])('takes %j for no role, and for no word on the email', async (none) => {
    const text = `email,password_hash,role,email_verified\nada@example.com,${hash},${none},${none}\n`;
    expect(await read('users.csv', text)).toEqual([{ ...account, line: 2 }]);
  });

  it.each(['t', 'z', '0'])('leaves the role %j to the daemon to judge', async (role) => {
    const text = `email,password_hash,role\nada@example.com,${hash},${role}\n`;
    expect(await read('users.csv', text)).toEqual([{ ...account, line: 2, role }]);
  });

  it.each(['2026-11-28', '1970-01-01T00:00:00Z', 'yesterday'])('leaves %j to the daemon to judge', async (time) => {
    const text = JSON.stringify({ email: account.email, password_hash: hash, created_at: time });
    expect(await read('users.jsonl', text)).toEqual([{ ...account, line: 1, created_at: time }]);
  });

  it.each(['t', 'tz', 'z-t', 'admin'])('takes %j for a role', async (role) => {
    const text = `email,password_hash,role\nada@example.com,${hash}, ${role} \n`;
    expect(await read('users.csv', text)).toEqual([{ ...account, line: 2, role }]);
  });

  it.each(['', ' ', 'NULL', '\\N'])('takes %j for no role, and for nothing about the address', async (none) => {
    const text = `email,password_hash,role,email_verified\nada@example.com,${hash},${none},${none}\n`;
    expect(await read('users.csv', text)).toEqual([{ ...account, line: 2 }]);
  });

  it.each([
    ['TRUE', true],
    ['t', true],
    [' yes ', true],
    ['1', true],
    ['False', false],
    ['no', false],
    ['0', false],
    ['maybe', 'maybe'],
  ])('reads %j as whether the address is verified, or leaves it to the daemon', async (word, expected) => {
    const text = `email,password_hash,email_verified\nada@example.com,${hash},${word}\n`;
    expect(await read('users.csv', text)).toEqual([{ ...account, line: 2, email_verified: expected }]);
  });
});
