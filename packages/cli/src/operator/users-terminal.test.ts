import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { CTRL_C, CTRL_U, openPseudoTerminal } from '../../../../test/pseudo-terminal.ts';
import { type LocalService, startLocalService } from '../testing/local-service.ts';
import { authsvcFile, openTerminal } from '../testing/pseudo-terminal.ts';

const ada = 'ada@example.com';
const hash = '$2b$10$g2u5MKkMbStSqvykxyst7.rm.rSFhos1RTVGc4/at1KST3ddIzOrq';

let service: LocalService;
let env: Readonly<Record<string, string>>;

beforeEach(async () => {
  service = await startLocalService();
  env = { HOME: service.machine.home, AUTHSVC_DATA_DIR: service.dataFolder };
  await service.register(ada);
});

const count = async () => ((await service.json(['users', 'list'])).answer as { users: unknown[] }).users.length;

async function writeUsers(users: number): Promise<string> {
  const path = join(service.machine.home, 'users.jsonl');
  const lines = Array.from({ length: users }, (_, index) => ({ email: `u${index}@example.com`, password_hash: hash }));
  await writeFile(path, lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
  return path;
}

describe('an operator at a terminal', () => {
  it('types the email of what is deleted, and deletes nothing by Ctrl-C', async () => {
    const left = openTerminal(['users', 'delete', ada], env);
    await left.shows('Type the email');
    left.type(CTRL_C);
    expect(await left.ended).toBe(130);
    expect(await count()).toBe(1);

    const open = openTerminal(['users', 'delete', ada], env);
    await open.shows('Type the email');
    open.type('bob@example.com\r');
    await open.shows('That is not the email of this account');
    open.type(`${CTRL_U}${ada}\r`);
    await open.shows(`${ada} is deleted`);
    expect(await open.ended).toBe(0);
    expect(await count()).toBe(0);
  });

  it('sees how far an import is, and what became of it', async () => {
    const open = openTerminal(['users', 'import', await writeUsers(1500)], env);
    for (const done of ['500', '1,000', '1,500']) await open.shows(`${done} accounts…`);
    await open.shows('Imported 1,500; 0 here already; 0 refused');
    expect(await open.ended).toBe(0);
  });

  it('reads the beginning of an export and leaves the rest', async () => {
    await service.authsvc(['users', 'import', await writeUsers(3000)]);
    const line = `"${process.execPath}" "${authsvcFile}" users export | head -n 1; echo "then $?"`;
    const open = openPseudoTerminal('/bin/sh', ['-c', line], env);
    await open.shows(`{"email":"${ada}"`);
    await open.shows('then 0');
    expect(await open.ended).toBe(0);
    expect(open.bytes()).not.toMatch(/EPIPE|✗/);
  });
});
