import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { type LocalService, startLocalService } from '../testing/local-service.ts';

/** Of Python's bcrypt 5.0.0. */
const password = 'b4l0u';
const hash = '$2b$10$g2u5MKkMbStSqvykxyst7.rm.rSFhos1RTVGc4/at1KST3ddIzOrq';

let service: LocalService;

beforeEach(async () => {
  service = await startLocalService();
});

async function write(name: string, content: string | Buffer): Promise<string> {
  const path = join(service.bench.home, name);
  await writeFile(path, content);
  return path;
}

async function importFile(name: string, content: string | Buffer, ...options: string[]) {
  return service.json(['users', 'import', await write(name, content), ...options]);
}

async function exported(): Promise<Record<string, unknown>[]> {
  const { status, stdout, stderr } = await service.authsvc(['users', 'export']);
  expect([status, stderr]).toEqual([0, '']);
  return stdout
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line));
}

const took = (imported: number, exists = 0, refused: object[] = []) => ({
  status: refused.length === 0 ? 0 : 5,
  answer: { imported, exists, refused, dry_run: false },
  stderr: '',
});

describe('authsvc users import', () => {
  it('takes accounts with their passwords, and changes nothing when it is done again', async () => {
    const lines = [
      { email: 'ada@example.com', password_hash: hash, created_at: '2020-02-03T04:05:06.789Z', disabled_at: null },
      {
        email: 'bob@example.com',
        password_hash: hash,
        created_at: '2021-01-01T00:00:00.000Z',
        disabled_at: '2022-01-01T00:00:00.000Z',
      },
    ];
    const text = lines.map((line) => `${JSON.stringify(line)}\n`).join('');
    expect(await importFile('users.jsonl', text)).toEqual(took(2));
    expect(await importFile('users.jsonl', text)).toEqual(took(0, 2));
    expect(await exported()).toEqual(lines);
    expect(await importFile('again.jsonl', (await service.authsvc(['users', 'export'])).stdout)).toEqual(took(0, 2));
    expect(await service.isOpen(await service.logIn('ada@example.com', password))).toBe(true);
    expect(await service.logIn('bob@example.com', password)).toBe('');
  });

  it('writes nothing in a dry run, and says the same', async () => {
    const line = JSON.stringify({ email: 'ada@example.com', password_hash: hash });
    const answer = { imported: 1, exists: 0, refused: [{ line: 2, reason: 'not JSON' }], dry_run: true };
    expect(await importFile('users.jsonl', `${line}\n{`, '--dry-run')).toEqual({ status: 5, answer, stderr: '' });
    expect(await exported()).toEqual([]);
  });

  it('names each refused line and why, to a person on standard error', async () => {
    const lines = [
      '\uFEFF{"email":"ada@example.com","password_hash":"$2y$',
      JSON.stringify({ email: 'ada@example.com', password_hash: hash.replace('$2b$', '$2y$') }),
      '',
      JSON.stringify({ email: 'bob', password_hash: hash }),
      JSON.stringify({ email: 'bob@example.com' }),
      JSON.stringify({ email: 'bob@example.com', password_hash: 'plain text' }),
      JSON.stringify({ email: 'bob@example.com', password_hash: hash, created_at: 5 }),
      JSON.stringify({ email: 'bob@example.com', password_hash: hash, more: 'x'.repeat(20_000) }),
      'null',
      '[1]',
      JSON.stringify({ email: 'eve@example.com', hashed_password: hash }),
    ];
    const path = await write('users.jsonl', lines.join('\r\n'));
    const { status, stdout, stderr } = await service.authsvc(['users', 'import', path]);
    expect([status, stdout]).toEqual([5, '']);
    const needed = 'email and password_hash are needed';
    expect(stderr.split('\n').sort()).toEqual(
      [
        '',
        '✗ line 1: not JSON',
        '✗ line 4: email must be an email address',
        `✗ line 5: ${needed}`,
        '✗ line 6: not a bcrypt hash ($2a$, $2b$ or $2y$)',
        '✗ line 7: a time is not ISO 8601',
        '✗ line 8: longer than 16384 characters',
        `✗ line 9: ${needed}`,
        `✗ line 10: ${needed}`,
        '✓ Imported 2; 0 here already; 8 refused',
      ].sort(),
    );
    expect(stderr).not.toContain('plain text');
    expect((await exported()).map(({ email }) => email)).toEqual(['ada@example.com', 'eve@example.com']);
  });

  it('reads CSV with quotes, a byte-order mark, CRLF, spaces and columns of others', async () => {
    const csv = [
      '\uFEFF"Name", EMAIL ,password_hash,Note',
      `"Ada ""Countess"" Lovelace","ada@example.com",${hash},"first, of`,
      'many"',
      `Bob, bob@example.com , "${hash}" ,`,
      '  ',
      'Eve,eve@example.com,',
      'Dan,dan@example.com',
      `Fay,fay@example.com,${hash},too,many,columns`,
    ];
    expect(await importFile('users.csv', csv.join('\r\n'))).toEqual(
      took(3, 0, [
        { line: 6, reason: 'not a bcrypt hash ($2a$, $2b$ or $2y$)' },
        { line: 7, reason: 'not a bcrypt hash ($2a$, $2b$ or $2y$)' },
      ]),
    );
    expect((await exported()).map(({ email }) => email)).toEqual([
      'ada@example.com',
      'bob@example.com',
      'fay@example.com',
    ]);
  });

  it('loses one line of CSV to a quote that is never closed', async () => {
    const csv = `email,hash\nada@example.com,${hash}\n"bob@example.com,${hash}\neve@example.com,${hash}\n`;
    expect(await importFile('users.csv', csv)).toEqual(took(2, 0, [{ line: 3, reason: 'a quote is not closed' }]));
  });

  it.each([
    ['a CSV without the columns', 'users.csv', 'name,email\nAda,ada@example.com\n', [], 'must name the columns'],
    ['a database as lines', 'users.db', Buffer.from('SQLite format 3\0 and more'), [], '--from flask-sqlite'],
    ['bytes as CSV', 'users.csv', Buffer.alloc(5000), [], 'is not text'],
    ['UTF-16', 'users.jsonl', Buffer.from('\uFEFF{}', 'utf16le'), [], 'is not text'],
    [
      'lines as a database',
      'users.jsonl',
      '{}\n',
      ['--from', 'flask-sqlite'],
      'is not a database of the Flask service',
    ],
  ])('refuses %s', async (_what, name, content, options, sentence) => {
    const end = await importFile(name, content, ...options);
    expect(end).toEqual({
      status: 2,
      answer: { error: { code: 'unreadable_file', message: expect.stringContaining(sentence) } },
      stderr: '',
    });
    expect(end.answer).toMatchObject({ error: { message: expect.stringContaining(name) } });
    expect(await exported()).toEqual([]);
  });

  it.each(['jsonl', 'csv', 'flask-sqlite'])('refuses a file that is not there, or a folder, as %s', async (format) => {
    const missing = join(service.bench.home, 'missing');
    const refusal = (message: string) => ({
      status: 2,
      answer: { error: { code: 'unreadable_file', message } },
      stderr: '',
    });
    const from = (path: string) => service.json(['users', 'import', '--from', format, path]);
    expect(await from(missing)).toEqual(refusal(`${missing} cannot be read (ENOENT)`));
    expect(await from(service.bench.home)).toMatchObject({ status: 2, answer: { error: { code: 'unreadable_file' } } });
  });

  it('refuses a format that it does not know', async () => {
    expect(await importFile('users.xml', '<users/>', '--from', 'xml')).toMatchObject({
      status: 2,
      answer: { error: { code: 'usage', message: expect.stringContaining('flask-sqlite') } },
    });
  });

  it('takes an empty file', async () => {
    expect(await importFile('empty.jsonl', '')).toEqual(took(0));
    expect(await importFile('empty.csv', '')).toEqual(took(0));
  });
});

describe('authsvc users export', () => {
  it('writes what --json would, and leaves nothing on the disk', async () => {
    await importFile('users.csv', `email,password_hash\nada@example.com,${hash}\n`);
    const { stdout } = await service.authsvc(['users', 'export']);
    expect(await service.authsvc(['users', 'export', '--json'])).toEqual({ status: 0, stdout, stderr: '' });
    expect(await readFile(join(service.bench.home, 'users.csv'), 'utf8')).toContain(hash);
  });
});
