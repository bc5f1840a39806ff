import { writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { Command } from 'commander';
import { expect, it, onTestFinished } from 'vitest';
import { totpCode } from '../../../../test/totp-code.ts';
import { createWholeProgram } from '../program.ts';
import { publishedIn } from '../testing/published-json.ts';
import { createTestMachine } from '../testing/test-machine.ts';

const ada = 'ada@example.com';
const bob = 'bob@example.com';
const hash = `$2b$10$${'a'.repeat(53)}`;
const [first, second] = ['correct horse battery', 'staple after staple'];

/**
 * Whether two values have the same keys and types; where one is null, the other may be of any type.
 */
function fits(published: unknown, printed: unknown): boolean {
  if (published === null || printed === null) return true;
  if (Array.isArray(published) && Array.isArray(printed)) {
    return printed.every((one) => published.length === 0 || published.some((shape) => fits(shape, one)));
  }
  if (typeof published !== 'object' || typeof printed !== 'object') return typeof published === typeof printed;
  const [shapes, values] = [new Map(Object.entries(published)), new Map(Object.entries(printed))];
  const names = new Set([...shapes.keys(), ...values.keys()]);
  return [...names].every((name) => shapes.has(name) && values.has(name) && fits(shapes.get(name), values.get(name)));
}

function namesOf(command: Command, path: string[] = []): string[] {
  return [path.join(' '), ...command.commands.flatMap((inner) => namesOf(inner, [...path, inner.name()]))];
}

it('every --json shape that a help page publishes is what its command prints', { timeout: 300_000 }, async () => {
  const postgres = new URL(await text(connect(Number(process.env.AUTHSVC_TEST_POSTGRES_PORT), '127.0.0.1')));
  const machine = createTestMachine({ AUTHSVC_STORAGE: 'file', AUTHSVC_LISTEN_PORT: '0', AUTHSVC_BCRYPT_COST: '10' });
  const printed = new Map<string, unknown[]>();
  let url = 'http://127.0.0.1:1';
  const run = async (
    name: string,
    args: readonly string[] = [],
    input?: string,
    respond?: (line: string) => string | undefined,
  ) => {
    const words = name === '' ? [] : name.split(' ');
    const { stdout, stderr } = await machine.authsvc([...words, ...args, '--json'], {
      input,
      env: { AUTHSVC_URL: url },
      ...(respond && { respond }),
    });
    const values = stdout
      .trimEnd()
      .split('\n')
      .map((line): unknown => JSON.parse(line || 'null'));
    // An error has a shape of its own, which `authsvc --help` documents.
    if (name !== '' && values.some((value) => value === null || isError(value))) {
      throw new Error(`${name} says ${stdout}${stderr}`);
    }
    printed.set(name, [...(printed.get(name) ?? []), ...values]);
    return values[0] as Record<string, string>;
  };
  const copy = join(machine.home, 'copy.db');
  const users = join(machine.home, 'users.csv');

  await run('daemon status');
  onTestFinished(async () => {
    await machine.authsvc(['daemon', 'stop']);
  });
  await run('daemon start');
  await run('daemon restart');
  url = (await run('daemon status')).url ?? '';
  await run('daemon wait');
  await run('doctor');
  await run('upgrade', ['--check']);
  await run('completion', ['bash']);
  await run('daemon install', ['--reset-delivery', 'operator']);
  await run('daemon install', ['--reset-delivery', 'operator', '--backup', join(machine.home, 'nights')]);
  for (const email of [ada, bob]) await run('register', ['--email', email, '--password-stdin'], first);
  await run('login', ['--email', ada, '--password-stdin'], first);
  await run('');
  await run('', ['--no-such-option']);
  for (const args of [[], ['--all']]) await run('profile', args);
  await run('open');
  await run('sessions');
  const [device] = (printed.get('sessions') as { devices: { id: string }[] }[])[0]?.devices ?? [];
  await run('sessions revoke', ['--others']);
  await run('sessions forget', [device?.id ?? '']);
  let secret = '';
  const confirming = ['--password-stdin', '--code-stdin'];
  const respond = (line: string) => {
    if (!line.includes('"secret"')) return undefined;
    secret = (JSON.parse(line) as { secret: string }).secret;
    return `${totpCode(secret, Date.now())}\n`;
  };
  const enabled = await run('mfa enable', confirming, `${first}\n`, respond);
  expect(Object.keys(enabled)).toEqual(['secret', 'otpauth_url']);
  await run('mfa');
  await run('users export', ['--with-factors']);
  await run('mfa codes', confirming, `${first}\n${totpCode(secret, Date.now() + 30_000)}`);
  const [code = ''] = (printed.get('mfa codes') as { recovery_codes: string[] }[])[0]?.recovery_codes ?? [];
  await run('mfa disable', confirming, `${first}\n${code}`);
  await run('password', ['--password-stdin', '--new-password-stdin'], `${first}\n${second}`);
  await run('email', ['--new-email', 'ada.king@example.com', '--password-stdin'], second);
  await run('users invite', ['eve@example.com', '--role', 'editor']);
  await run('verify', ['--email', 'eve@example.com']);
  await run('users list');
  await run('users show', ['ada.king@example.com']);
  await run('users export');
  for (const name of ['reset', 'disable', 'enable', 'revoke', 'verify', 'unlock']) await run(`users ${name}`, [bob]);
  writeFileSync(users, JSON.stringify({ email: 'zoe@example.com', password_hash: hash, totp: { secret } }));
  await run('users import', [users, '--from', 'jsonl']);
  await run('users reset-mfa', ['zoe@example.com']);
  await run('users set', [bob, '--role', 'admin']);
  await run('reset', ['--email', bob, '--password-stdin'], first);
  writeFileSync(users, 'email,password_hash\nx@example.com,nothing\n');
  await run('users import', [users]);
  await run('users delete', [bob, '--yes']);
  await run('delete', ['--email', 'ada.king@example.com', '--yes', '--password-stdin'], second);
  await run('register', ['--email', ada, '--password-stdin'], first);
  const logIn = () => run('login', ['--email', ada, '--password-stdin'], first);
  await logIn();
  const { sessions } = (await run('sessions')) as unknown as { sessions: { id: string }[] };
  await run('sessions revoke', [sessions[0]?.id ?? '']);
  await logIn();
  await run('logout');
  await run('users revoke', ['--all']);
  await run('audit');
  await run('backup', [copy]);
  for (let night = 0; night < 2; night += 1)
    await run('backup', ['--dir', join(machine.home, 'nights'), '--keep', '1']);
  await run('daemon logs');
  await run('daemon stop');
  await run('restore', [copy, '--yes']);
  await run('migrate', ['--database-url-stdin'], postgres.href);

  for (const name of namesOf(await createWholeProgram(machine.context))) {
    // Needs the token of a mail: see `not-me.test.ts`.
    if (name === 'not-me') continue;
    const { stdout: page } = await machine.authsvc([...name.split(' ').filter(Boolean), '--help']);
    const published = publishedIn(page);
    if (published.length === 0) continue;
    const values = printed.get(name) ?? [];
    for (const shape of published)
      expect([name, shape, values.some((value) => fits(shape, value))]).toEqual([name, shape, true]);
    // Each line of the log has the shape of its event, and the help shows one event.
    const ofShape = values.filter((value) => name !== 'daemon logs' || eventOf(value) === eventOf(published[0]));
    for (const value of ofShape) {
      expect([name, value, published.some((shape) => fits(shape, value))]).toEqual([name, value, true]);
    }
    expect([name, ofShape.length > 0]).toEqual([name, true]);
  }
});

function isError(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'error' in value;
}

function eventOf(value: unknown): unknown {
  return (value as { event?: unknown }).event;
}
