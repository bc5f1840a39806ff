import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
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
  const path = join(service.machine.home, name);
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
      {
        email: 'ada@example.com',
        password_hash: hash,
        created_at: '2020-02-03T04:05:06.789Z',
        disabled_at: null,
        role: 'admin',
        email_verified: true,
      },
      {
        email: 'bob@example.com',
        password_hash: hash,
        created_at: '2021-01-01T00:00:00.000Z',
        disabled_at: '2022-01-01T00:00:00.000Z',
        role: 'user',
        email_verified: false,
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

  it('reads roles and verification from CSV, and refuses by its line what is neither', async () => {
    const fields = [
      'admin,TRUE',
      'editor, t ',
      'viewer,1',
      ',yes',
      'Admin,',
      ',2',
      'user,NULL',
      '\\N,f',
      ' , ',
      ',maybe not',
      'user,off',
    ];
    const csv = [
      'email,hash,ROLE,email_verified',
      ...fields.map((rest, index) => `p${index}@example.com,${hash},${rest}`),
    ];
    const neither = 'email_verified is neither true nor false';
    expect(await importFile('users.csv', csv.join('\n'))).toEqual(
      took(8, 0, [
        { line: 7, reason: neither },
        { line: 11, reason: neither },
        { line: 6, reason: 'a role is a lower-case letter, then at most 31 of a-z, 0-9, _ and -' },
      ]),
    );
    const taken = (await exported()).map(({ email, role, email_verified }) => `${email} ${role} ${email_verified}`);
    expect(taken.sort()).toEqual([
      'p0@example.com admin true',
      'p10@example.com user false',
      'p1@example.com editor true',
      'p2@example.com viewer true',
      'p3@example.com user true',
      'p6@example.com user false',
      'p7@example.com user false',
      'p8@example.com user false',
    ]);
  });

  it.each([
    ['a number', '1'],
    ['a word in quotes that is neither', '"maybe"'],
  ])('refuses %s in JSON for whether an address is verified', async (_what, value) => {
    const line = `{"email":"ada@example.com","password_hash":"${hash}","email_verified":${value}}`;
    expect(await importFile('users.jsonl', line)).toEqual(
      took(0, 0, [{ line: 1, reason: 'email_verified is neither true nor false' }]),
    );
  });

  it('loses one line of CSV to a quote that is never closed', async () => {
    const csv = `email,hash\nada@example.com,${hash}\n"bob@example.com,${hash}\neve@example.com,${hash}\n`;
    expect(await importFile('users.csv', csv)).toEqual(took(2, 0, [{ line: 3, reason: 'a quote is not closed' }]));
  });

  it.each([
    ['a CSV without the columns', 'users.csv', 'name,email\nAda,ada@example.com\n', [], 'must name the columns'],
    ['a database as lines', 'users.db', Buffer.from('SQLite format 3\0 and more'), [], '--from flask-sqlite'],
    ['bytes as CSV', 'users.csv', Buffer.alloc(5000), [], 'is not text'],
    ['a NUL byte', 'users.jsonl', '{}\n{"email":"\0"}\n', [], 'line 2 holds a NUL byte'],
    ['a workbook', 'users.csv', Buffer.from('PK\x03\x04\x14\0', 'latin1'), [], 'save the sheet as CSV UTF-8'],
    ['an old workbook', 'users.csv', Buffer.from('d0cf11e0a1b11ae1', 'hex'), [], 'save the sheet as CSV UTF-8'],
    ['a compressed file', 'users.jsonl', gzipSync('{}\n'), [], 'gunzip'],
    ['an empty CSV', 'users.csv', '', [], 'no line names the columns'],
    ['a CSV of blank lines', 'users.csv', '\uFEFF\r\n  \r\n', [], 'no line names the columns'],
    ['a CSV that says its delimiter alone', 'users.csv', 'sep=;\n', [], 'no line names the columns'],
    [
      'a CSV that names columns alone',
      'users.csv',
      'email,hash\r\n,,,\r\n',
      [],
      'no line follows the names of columns',
    ],
    ['lines that are none', 'users.jsonl', '', [], 'holds no account'],
    ['blank lines', 'users.jsonl', '\n \r\n', [], 'holds no account'],
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
    const missing = join(service.machine.home, 'missing');
    const refusal = (message: string) => ({
      status: 2,
      answer: { error: { code: 'unreadable_file', message } },
      stderr: '',
    });
    const from = (path: string) => service.json(['users', 'import', '--from', format, path]);
    expect(await from(missing)).toEqual(refusal(`${missing} cannot be read (ENOENT)`));
    expect(await from(service.machine.home)).toMatchObject({
      status: 2,
      answer: { error: { code: 'unreadable_file' } },
    });
  });

  it('refuses a format that it does not know', async () => {
    expect(await importFile('users.xml', '<users/>', '--from', 'xml')).toMatchObject({
      status: 2,
      answer: { error: { code: 'usage', message: expect.stringContaining('flask-sqlite') } },
    });
  });

  it.each([
    ['CR line ends', (text: string) => text.replaceAll('\n', '\r')],
    ['CRLF line ends', (text: string) => text.replaceAll('\n', '\r\n')],
    ['a byte-order mark', (text: string) => `\uFEFF${text}`],
    ['UTF-16 as Excel saves it', (text: string) => Buffer.from(`\uFEFF${text}`, 'utf16le')],
    ['UTF-16 without a mark', (text: string) => Buffer.from(text, 'utf16le')],
    ['big-endian UTF-16', (text: string) => Buffer.from(`\uFEFF${text}`, 'utf16le').swap16()],
    ['semicolons', (text: string) => text.replaceAll(',', ';')],
    ['tabs', (text: string) => text.replaceAll(',', '\t')],
    ['a line that says the delimiter', (text: string) => `sep=|\n${text.replaceAll(',', '|')}`],
  ])('reads CSV with %s', async (_what, encode) => {
    const csv = `name,email,password_hash\n"Ada\nthe, ""first"", ü",ada@example.com,${hash}\nBob,bob@example.com,${hash}\n`;
    expect(await importFile('users.csv', encode(csv))).toEqual(took(2));
    expect((await exported()).map(({ email }) => email)).toEqual(['ada@example.com', 'bob@example.com']);
  });

  it.each([
    ['CR line ends', (text: string) => text.replaceAll('\n', '\r')],
    ['UTF-16 as PowerShell writes it', (text: string) => Buffer.from(`\uFEFF${text}`, 'utf16le')],
  ])('reads JSON Lines with %s', async (_what, encode) => {
    const lines = ['ada', 'bob'].map((name) => JSON.stringify({ email: `${name}@example.com`, password_hash: hash }));
    expect(await importFile('users.jsonl', encode(`${lines.join('\n')}\n`))).toEqual(took(2));
  });

  it('takes a file whose name ends in .tsv for CSV', async () => {
    expect(await importFile('users.TSV', `email\thash\nada@example.com\t${hash}\n`)).toEqual(took(1));
  });

  it('refuses an address that is not UTF-8, by its line, and reads over such bytes elsewhere', async () => {
    const csv = `email,hash,name\nj\u00fcrgen@example.com,${hash},x\nada@example.com,${hash},J\u00fcrgen\n`;
    const reason = 'not UTF-8: save the file as UTF-8, and import it again';
    expect(await importFile('users.csv', Buffer.from(csv, 'latin1'))).toEqual(took(1, 0, [{ line: 2, reason }]));
  });

  it('says how CSV is read where lines of JSON were expected', async () => {
    const { answer } = await importFile('users.txt', `email,hash\nada@example.com,${hash}\n`);
    expect(answer).toMatchObject({
      refused: [
        { line: 1, reason: 'not JSON; a CSV file is read with --from csv' },
        { line: 2, reason: 'not JSON' },
      ],
    });
  });
});

describe('second factors', () => {
  const lines = [
    {
      email: 'ada@example.com',
      password_hash: hash,
      created_at: '2020-02-03T04:05:06.789Z',
      disabled_at: null,
      role: 'user',
      email_verified: false,
      totp: {
        secret: 'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP',
        enabled_at: '2021-02-03T04:05:06.789Z',
        last_step: 53_000_000,
      },
      recovery_codes: [
        createHash('sha256').update('MZXW6YTBOI5DQNBRGIZTINJX').digest('base64url'),
        createHash('sha256').update('MZXW6YTBOI5DQNBRGIZTINJW').digest('base64url'),
      ].sort(),
    },
    {
      email: 'bob@example.com',
      password_hash: hash,
      created_at: '2021-01-01T00:00:00.000Z',
      disabled_at: null,
      role: 'user',
      email_verified: false,
      totp: null,
      recovery_codes: [],
    },
  ];
  const text = lines.map((line) => `${JSON.stringify(line)}\n`).join('');

  it('are exported only when they are asked for, and read back', async () => {
    expect(await importFile('users.jsonl', text)).toEqual(took(2));
    const all = await service.authsvc(['users', 'export', '--with-factors']);
    expect(all).toEqual({ status: 0, stdout: text, stderr: '' });
    const { status, stdout, stderr } = await service.authsvc(['users', 'export']);
    expect(status).toBe(0);
    expect(stdout).not.toMatch(/totp|recovery|JBSW/);
    expect(stderr).toBe(
      '! The second factor of one account is left out (--with-factors): after an import, the password alone logs in\n',
    );
    const login = ['login', '--email', 'ada@example.com', '--password-stdin', '--code-stdin'];
    expect(await service.json(login, { input: `${password}\nmzxw-6ytb-oi5d-qnbr-gizt-injw` })).toMatchObject({
      status: 0,
    });
  });

  it.each([
    ['a secret that is not base32', { totp: { secret: 'no secret' } }],
    ['a secret without its field', { totp: 'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP' }],
    ['recovery codes alone', { recovery_codes: lines[0]?.recovery_codes }],
    ['a list in the place of the factor', { totp: [] }],
    ['a recovery code that is none', { totp: lines[0]?.totp, recovery_codes: [null] }],
    ['recovery codes that are no list', { totp: lines[0]?.totp, recovery_codes: 'MZXW' }],
  ])('refuse a line with %s', async (_what, more) => {
    const line = JSON.stringify({ email: 'ada@example.com', password_hash: hash, ...more });
    expect(await importFile('users.jsonl', line)).toEqual(took(0, 0, [{ line: 1, reason: expect.any(String) }]));
    expect(await exported()).toEqual([]);
  });

  it('refuse a column of secrets in CSV, and none where it is empty', async () => {
    const csv = `email,hash,totp\nada@example.com,${hash},JBSWY3DPEHPK3PXP\nbob@example.com,${hash},\n`;
    expect(await importFile('users.csv', csv)).toEqual(took(1, 0, [{ line: 2, reason: expect.any(String) }]));
  });
});

describe('authsvc users export', () => {
  it('writes what --json would, and leaves nothing on the disk', async () => {
    await importFile('users.csv', `email,password_hash\nada@example.com,${hash}\n`);
    const { stdout } = await service.authsvc(['users', 'export']);
    expect(await service.authsvc(['users', 'export', '--json'])).toEqual({ status: 0, stdout, stderr: '' });
    expect(await readFile(join(service.machine.home, 'users.csv'), 'utf8')).toContain(hash);
  });
});
