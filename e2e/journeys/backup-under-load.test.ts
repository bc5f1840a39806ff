import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { send } from '../support/http-client.mjs';
import { it } from '../support/journey.ts';
import { querySqlite } from '../support/own-sqlite.ts';

const password = 'correct horse battery';
const passwordHash = '$2b$10$g2u5MKkMbStSqvykxyst7.rm.rSFhos1RTVGc4/at1KST3ddIzOrq';
/** So many accounts that writes happen while they are copied. */
const STOCK = 20_000;
const WRITERS = 4;

/** Imports lines over the control socket, whose writes cost no hash. */
async function importLines(socket: string, emails: readonly string[]): Promise<number> {
  const headers = { 'content-type': 'application/x-ndjson' };
  const raw = emails.map((email) => `${JSON.stringify({ email, password_hash: passwordHash })}\n`).join('');
  return (await send(socket, 'POST /users/import', { headers, raw })).status;
}

describe('a backup taken while accounts are made', () => {
  it('restores to a sound database that holds all that was acknowledged before it began', async ({
    machine,
    otherMachine,
    home,
  }) => {
    const { url } = await machine.start();
    await importLines(
      machine.socket,
      Array.from({ length: STOCK }, (_, index) => `stock${index}@example.com`),
    );

    const ledger: string[] = [];
    let isOver = false;
    let reached = (): void => undefined;
    const hasAcknowledged = (count: number) =>
      new Promise<void>((resolve) => {
        reached = () => (ledger.length >= count ? resolve() : undefined);
        reached();
      });
    const write = async (name: string, make: (email: string) => Promise<number>) => {
      for (let index = 0; !isOver; index += 1) {
        const email = `${name}-${index}@example.com`;
        expect(await make(email)).toBe(200);
        ledger.push(email);
        reached();
      }
    };
    const writers = Array.from({ length: WRITERS }, (_, writer) => [
      write(
        `registered${writer}`,
        async (email) => (await send(url, 'POST /users', { json: { email, password } })).status,
      ),
      write(`imported${writer}`, (email) => importLines(machine.socket, [email])),
    ]).flat();
    await hasAcknowledged(200);

    for (const args of [
      ['set', 'stock0@example.com', '--role', 'admin'],
      ['verify', 'stock0@example.com'],
    ]) {
      expect(await machine.authsvc(['users', ...args])).toMatchObject({ exitCode: 0 });
    }
    const path = join(home, 'copy.db');
    const acknowledged = [...ledger];
    const backup = await machine.authsvc(['backup', path, '--json']);
    expect(backup).toMatchObject({ exitCode: 0, stderr: '' });
    expect(ledger.length).toBeGreaterThan(acknowledged.length);
    await hasAcknowledged(ledger.length + 20);
    isOver = true;
    await Promise.all(writers);

    expect(await querySqlite(path, 'PRAGMA integrity_check')).toEqual([{ integrity_check: 'ok' }]);
    expect(await otherMachine.authsvc(['restore', path, '--json'])).toMatchObject({ exitCode: 0 });
    const served = await otherMachine.start();
    const { stdout } = await otherMachine.authsvc(['users', 'export']);
    const emails = new Set(stdout.split('\n').map((line) => JSON.parse(line).email as string));
    expect(acknowledged.filter((email) => !emails.has(email))).toEqual([]);
    const shown = await otherMachine.authsvc(['users', 'show', 'stock0@example.com', '--json']);
    expect(JSON.parse(shown.stdout)).toMatchObject({ role: 'admin', email_verified: true });
    expect(emails.size).toBeGreaterThanOrEqual(STOCK + acknowledged.length);
    const registered = acknowledged.filter((email) => email.startsWith('registered'));
    expect(registered.length).toBeGreaterThan(0);
    for (const email of [registered.at(0), registered.at(-1)]) {
      expect((await send(served.url, 'POST /sessions', { json: { email, password } })).status).toBe(200);
    }
  });
});
