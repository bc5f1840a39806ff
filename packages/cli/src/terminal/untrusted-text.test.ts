import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { type LocalService, startLocalService } from '../testing/local-service.ts';

/**
 * A red line, by one character of 0x80–0x9F and by ESC; the text after it backwards; and a line of
 * its own.
 */
const HOSTILE = 'a\u009b31m\u001b]0;title\u0007\u202egnp\u2028b\u2066\u007f';
const OBEYED = /[^\P{Cc}\n]|[\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/u;
const hostileEmail = `${HOSTILE}@example.com`;

let service: LocalService;
let session: string;

/** As an older version, or another program, may have written it. */
beforeEach(async () => {
  service = await startLocalService();
  await service.register('ada@example.com');
  session = await service.logIn('ada@example.com');
  const { openSqliteDatabase } = await import('@authsvc/core');
  const database = await openSqliteDatabase(join(service.dataFolder, 'authsvc.db'));
  await database.write('sessions').update({ user_agent: HOSTILE });
  await database.write('events').update({ user_agent: HOSTILE, address: HOSTILE, detail: HOSTILE });
  await database.write('users').update({ email: hostileEmail });
  await database.close();
});

describe("a stranger's text", () => {
  it.each([
    ['audit'],
    ['users list'],
    ['users show ada@example.com'],
    ['users export'],
    ['users reset ada@example.com'],
    ['users disable ada@example.com'],
    ['sessions'],
  ])('is printed by "authsvc %s" as nothing that a terminal obeys', async (command) => {
    for (const format of [[], ['--json']]) {
      const printed = await service.authsvc([...format, ...command.split(' ')], { env: { AUTHSVC_SESSION: session } });
      expect(printed.stdout + printed.stderr).not.toMatch(OBEYED);
    }
  });

  it('says the same to a program', async () => {
    const { answer } = await service.json(['users', 'show', 'ada@example.com']);
    expect(answer).toMatchObject({ email: hostileEmail, sessions: [{ user_agent: HOSTILE }] });
  });
});
