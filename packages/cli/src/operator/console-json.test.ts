import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { type LocalService, PASSWORD, startLocalService } from '../testing/local-service.ts';
import { publishedIn, shapeOf } from '../testing/published-json.ts';
import type { RunOptions } from '../testing/test-machine.ts';

const ada = 'ada@example.com';

const withFactor = {
  email: ada,
  password_hash: `$2b$10$${'a'.repeat(53)}`,
  totp: { secret: 'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP' },
  recovery_codes: [createHash('sha256').update('MZXW6YTBOI5DQNBRGIZTINJW').digest('base64url')],
};

let service: LocalService;

beforeEach(async () => {
  service = await startLocalService();
});

/** Compare what a command prints, one value for each run, with what its help says. */
async function expectPublished(name: readonly string[], ...runs: (readonly [args: string[], options?: RunOptions])[]) {
  const printed: unknown[] = [];
  for (const [args, options] of runs) printed.push((await service.json([...name, ...args], options)).answer);
  const { stdout } = await service.authsvc([...name, '--help']);
  expect([name, publishedIn(stdout).map(shapeOf)]).toEqual([name, printed.map(shapeOf)]);
}

describe('the --json shape in the help', () => {
  it('is what the commands of an account print', async () => {
    await service.register(ada);
    await service.authsvc(['login', '--email', ada, '--password-stdin'], { input: PASSWORD });
    const { answer } = await service.json(['sessions']);
    const [device] = (answer as { devices: { id: string }[] }).devices;
    const elsewhere = await service.logIn(ada);
    expect(elsewhere).not.toBe('');
    const { answer: both } = await service.json(['sessions']);
    const other = (both as { sessions: { id: string; current: boolean }[] }).sessions.find(({ current }) => !current);
    await expectPublished(['sessions', 'revoke'], [[other?.id ?? '']], [['--others']]);
    await expectPublished(['sessions'], [[]]);
    await expectPublished(['sessions', 'forget'], [[device?.id ?? '']]);
    const next = 'staple after staple';
    await expectPublished(
      ['password'],
      [['--password-stdin', '--new-password-stdin'], { input: `${PASSWORD}\n${next}` }],
    );
    await expectPublished(['email'], [['--new-email', 'new@example.com', '--password-stdin'], { input: next }]);
    await expectPublished(['delete'], [['--yes', '--password-stdin'], { input: next }]);
  });

  it("is what the operator's commands print", async () => {
    await service.logIn('nobody@example.com');
    await expectPublished(['audit'], [[]]);
    await service.register(ada);
    await service.logIn(ada);
    for (const name of ['list', 'show']) await expectPublished(['users', name], [name === 'show' ? [ada] : []]);
    for (const name of ['disable', 'enable', 'reset']) await expectPublished(['users', name], [[ada]]);
    await expectPublished(['users', 'revoke'], [[ada]], [['--all']]);
    const lines = join(service.machine.home, 'users.jsonl');
    await writeFile(lines, 'not JSON\n');
    await expectPublished(['users', 'import'], [[lines]]);
    await expectPublished(['users', 'delete'], [[ada, '--yes']]);
    await writeFile(lines, `${JSON.stringify(withFactor)}\n`);
    await service.authsvc(['users', 'import', lines]);
    await expectPublished(['users', 'export'], [[]], [['--with-factors']]);
    await expectPublished(['users', 'reset-mfa'], [[ada]]);
    await expectPublished(['users', 'unlock'], [[ada]]);
    const copy = join(service.machine.home, 'copy.db');
    const nights = ['--dir', join(service.machine.home, 'nights'), '--keep', '1'];
    await service.authsvc(['backup', ...nights]);
    await expectPublished(['backup'], [[copy]], [nights]);
    const env = { AUTHSVC_DATA_DIR: join(service.machine.home, 'elsewhere') };
    await expectPublished(['restore'], [[copy], { env }]);
  });
});
