import { execFileSync } from 'node:child_process';
import { execa } from 'execa';
import { authsvcFile, cleanEnvironment, type Environment } from './program.ts';
import type { CommandEnd } from './run-authsvc.ts';

export const NOBODY = 65_534;

/** Why this machine cannot show what becomes of another user; nothing when it can. */
export const nobodyObstacle = findObstacle();

/** Runs one `authsvc` command as a user without rights. */
export async function runAsNobody(args: readonly string[], home: string, env: Environment = {}): Promise<CommandEnd> {
  const { exitCode, stdout, stderr } = await execa(process.execPath, [authsvcFile, ...args], {
    env: cleanEnvironment(home, env),
    extendEnv: false,
    reject: false,
    uid: NOBODY,
    gid: NOBODY,
    cwd: '/',
    input: 'correct horse battery\n',
  });
  return { exitCode, stdout, stderr };
}

function findObstacle(): string | undefined {
  if (process.getuid?.() !== 0) return 'only root can become another user';
  try {
    execFileSync(process.execPath, [authsvcFile, '--version'], { uid: NOBODY, gid: NOBODY, cwd: '/', stdio: 'ignore' });
    return undefined;
  } catch {
    return 'another user cannot enter the folder of this clone';
  }
}
