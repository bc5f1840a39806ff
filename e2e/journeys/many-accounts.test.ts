import { readFileSync } from 'node:fs';
import { open, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { execa } from 'execa';
import { describe, expect } from 'vitest';
import { send } from '../support/http-client.mjs';
import { it } from '../support/journey.ts';
import type { Machine } from '../support/machine.ts';
import { querySqlite } from '../support/own-sqlite.ts';
import { authsvcFile } from '../support/program.ts';

/** Of Python's bcrypt 5.0.0, as the Flask service stores it. */
const password = 'b4l0u';
const passwordHash = '$2b$10$g2u5MKkMbStSqvykxyst7.rm.rSFhos1RTVGc4/at1KST3ddIzOrq';

const MANY = 10_000;
/**
 * How many are imported while memory is watched, a quarter of them first. The whole run:
 * AUTHSVC_TEST_IMPORT_USERS=200000.
 */
const WATCHED = Number(process.env.AUTHSVC_TEST_IMPORT_USERS ?? 40_000);
/**
 * By how much a process may grow after the first quarter, in KiB: less than the remaining accounts
 * of the whole run would take in memory.
 */
const GROWTH_KIB = 24 * 1024;
/**
 * Holds the young generation at what Node 20 takes: Node 24 lets it grow to 128 MiB under load,
 * which would hide what stays of each account.
 */
const YOUNG_GENERATION = '--max-semi-space-size=16';

const emailOf = (index: number) => `user${String(index).padStart(7, '0')}@example.com`;

async function writeUsers(path: string, from: number, to: number): Promise<string> {
  const file = await open(path, 'w');
  for (let index = from; index < to; index += 1000) {
    const count = Math.min(1000, to - index);
    const lines = Array.from({ length: count }, (_, offset) =>
      JSON.stringify({
        email: emailOf(index + offset),
        password_hash: passwordHash,
        created_at: '2024-01-01T00:00:00.000Z',
        disabled_at: null,
        role: 'user',
        email_verified: false,
      }),
    );
    await file.write(`${lines.join('\n')}\n`);
  }
  await file.close();
  return path;
}

async function importFile(machine: Machine, ...args: string[]) {
  const { exitCode, stdout, stderr } = await machine.authsvc(['users', 'import', ...args, '--json']);
  return { exitCode, answer: JSON.parse(stdout), stderr };
}

/** To a reader who takes a byte at a time, as shells do. */
async function exportSlowly({ env }: Machine): Promise<string> {
  const script = '"$0" "$1" users export | while IFS= read -r line; do printf "%s\\n" "$line"; done';
  const { stdout } = await execa('sh', ['-c', script, process.execPath, authsvcFile], { env, extendEnv: false });
  return stdout;
}

const took = (imported: number, exists = 0) => ({
  exitCode: 0,
  answer: { imported, exists, refused: [], dry_run: false },
  stderr: '',
});

async function logIn(url: string, email: string, secret = password): Promise<number> {
  return (await send(url, 'POST /sessions', { json: { email, password: secret } })).status;
}

describe(`${MANY.toLocaleString('en')} accounts`, () => {
  it('go out and in again, and log in', async ({ machine, otherMachine, home }) => {
    await machine.start();
    const path = await writeUsers(join(home, 'users.jsonl'), 0, MANY);
    expect(await importFile(machine, path, '--dry-run')).toMatchObject({ answer: { imported: MANY, dry_run: true } });
    expect(await importFile(machine, path)).toEqual(took(MANY));
    const exported = (await machine.authsvc(['users', 'export'])).stdout;
    expect(`${exported}\n`).toBe(await readFile(path, 'utf8'));
    expect(await exportSlowly(machine)).toBe(exported);

    const { url } = await otherMachine.start();
    const copy = join(home, 'exported.jsonl');
    await writeFile(copy, exported, { mode: 0o600 });
    expect(await importFile(otherMachine, copy)).toEqual(took(MANY));
    expect(await importFile(otherMachine, copy)).toEqual(took(0, MANY));
    expect((await otherMachine.authsvc(['users', 'export'])).stdout).toBe(exported);
    for (const index of [0, 1, 4999, 5000, MANY - 1]) {
      expect([index, await logIn(url, emailOf(index))]).toEqual([index, 200]);
      expect([index, await logIn(url, emailOf(index), `${password}!`)]).toEqual([index, 401]);
    }
  });
});

describe(`an import of ${WATCHED.toLocaleString('en')} accounts`, () => {
  it.skipIf(process.platform !== 'linux')('takes no memory by their number', async ({ machine, home }) => {
    const { pid } = await machine.start({ NODE_OPTIONS: YOUNG_GENERATION });
    const peak = () => Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
    const quarter = Math.floor(WATCHED / 4);
    const reporter = join(home, 'report-peak.mjs');
    await writeFile(
      reporter,
      "process.on('exit', () => process.stderr.write('peak ' + process.resourceUsage().maxRSS));",
    );
    const env = { NODE_OPTIONS: `${YOUNG_GENERATION} --import=${pathToFileURL(reporter)}` };
    const run = async (from: number, to: number) => {
      const path = await writeUsers(join(home, 'users.jsonl'), from, to);
      const { exitCode, stdout, stderr } = await machine.authsvc(['users', 'import', path, '--json'], env);
      expect([exitCode, JSON.parse(stdout)]).toEqual([0, took(to - from).answer]);
      return { daemon: peak(), command: Number(/^peak (\d+)$/.exec(stderr)?.[1]) };
    };
    const first = await run(0, quarter);
    const rest = await run(quarter, WATCHED);
    process.stdout.write(
      `peak memory in KiB, ${quarter} accounts and then ${WATCHED - quarter}: ${JSON.stringify({ first, rest })}\n`,
    );
    expect(rest.daemon - first.daemon).toBeLessThan(GROWTH_KIB);
    expect(rest.command - first.command).toBeLessThan(GROWTH_KIB);
  });
});

describe("the Flask service's database", () => {
  it('is taken over, and its users log in with the passwords they had', async ({ machine, home }) => {
    const path = join(home, 'a.db');
    await querySqlite(
      path,
      `CREATE TABLE users (
        id INTEGER NOT NULL,
        email VARCHAR(250) NOT NULL,
        hashed_password VARCHAR(250) NOT NULL,
        session_id VARCHAR(250),
        reset_token VARCHAR(250),
        PRIMARY KEY (id)
      )`,
    );
    const { url } = await machine.start();
    expect(await importFile(machine, '--from', 'flask-sqlite', path)).toEqual({
      exitCode: 2,
      answer: { error: { code: 'unreadable_file', message: `${path} holds no account: its table of users is empty` } },
      stderr: '',
    });

    const insert = 'INSERT INTO users (email, hashed_password, session_id) VALUES (?, ?, ?)';
    await querySqlite(path, insert, ['text@example.com', passwordHash, 'an old session']);
    await querySqlite(path, insert, ['bytes@example.com', Buffer.from(passwordHash), null]);
    await querySqlite(path, insert, ['not an address', passwordHash, null]);

    const reason = 'email must be an email address';
    const expected = { imported: 2, exists: 0, refused: [{ line: 3, reason }], dry_run: false };
    expect(await importFile(machine, '--from', 'flask-sqlite', path)).toEqual({
      exitCode: 5,
      answer: expected,
      stderr: '',
    });
    expect(await importFile(machine, '--from', 'flask-sqlite', path)).toMatchObject({
      answer: { imported: 0, exists: 2 },
    });
    for (const email of ['text@example.com', 'bytes@example.com']) {
      expect([await logIn(url, email), await logIn(url, email, 'b4l0v')]).toEqual([200, 401]);
    }
    const old = await send(url, 'GET /profile', { session: 'an old session' });
    expect(old.status).toBe(403);
  });
});
