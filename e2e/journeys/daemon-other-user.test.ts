import { execFileSync } from 'node:child_process';
import { chmod, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { it } from '../support/journey.ts';
import { NOBODY } from '../support/run-authsvc.ts';

const isRoot = process.getuid?.() === 0;

describe('another user of the machine', () => {
  it('can open neither the control socket nor the database nor the log nor a backup', async ({ machine, home }) => {
    await machine.start();
    const backup = join(home, 'backup.db');
    expect(await machine.authsvc(['backup', backup])).toMatchObject({ exitCode: 0 });
    const paths = [machine.socket, join(machine.dataFolder, 'authsvc.db'), machine.log, backup];
    expect(((await stat(machine.dataFolder)).mode & 0o777).toString(8)).toBe('700');
    for (const path of paths) expect([path, ((await stat(path)).mode & 0o777).toString(8)]).toEqual([path, '600']);

    if (!isRoot) {
      process.stderr.write(
        '\n!!! Only root can become another user: what one can open was NOT tried, but for the modes\n\n',
      );
      return;
    }
    await chmod(home, 0o755);
    expect(tryAsNobody(paths)).toEqual(paths.map(() => 'EACCES'));
    // Also without the folder's own protection.
    await chmod(machine.dataFolder, 0o755);
    await chmod(join(machine.dataFolder, 'logs'), 0o755);
    expect(tryAsNobody(paths)).toEqual(paths.map(() => 'EACCES'));
  });
});

/** The result of opening each path, or connecting to it, as a user without rights. */
function tryAsNobody(paths: readonly string[]): string[] {
  const script = `
    const attempt = (path) => new Promise((resolve) => {
      if (!path.endsWith('.sock')) return require('node:fs').open(path, 'r', (error) => resolve(error?.code ?? 'opened'));
      require('node:net').connect(path).on('connect', () => resolve('opened')).on('error', (error) => resolve(error.code));
    });
    Promise.all(${JSON.stringify(paths)}.map(attempt)).then((codes) => {
      console.log(JSON.stringify(codes));
      process.exit();
    });`;
  const output = execFileSync(process.execPath, ['-e', script], {
    uid: NOBODY,
    gid: NOBODY,
    cwd: '/',
    encoding: 'utf8',
  });
  return JSON.parse(output) as string[];
}
