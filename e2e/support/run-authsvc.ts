import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { execa } from 'execa';
import { authsvcFile, cleanEnvironment, type Environment } from './program.ts';

export interface CommandEnd {
  readonly exitCode: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly home: string;
  readonly env?: Environment;
  /** What is piped to its standard input; without it, the input is closed. */
  readonly input?: string | undefined;
  /** Another user to run it as, by id. */
  readonly user?: number;
}

/** Runs one `authsvc` command to its end, without a terminal. */
export async function runAuthsvc(
  args: readonly string[],
  { home, env = {}, input, user }: RunOptions,
): Promise<CommandEnd> {
  const { exitCode, stdout, stderr } = await execa(process.execPath, [authsvcFile, ...args], {
    env: cleanEnvironment(home, env),
    extendEnv: false,
    reject: false,
    ...(input === undefined ? { stdin: 'ignore' } : { input }),
    ...(user !== undefined && { uid: user, gid: user, cwd: '/' }),
  });
  return { exitCode, stdout, stderr };
}

/** A user without rights. */
export const NOBODY = 65_534;

/** Says why this machine cannot run a command as another user; undefined if it can. */
export function findNobodyObstacle(): string | undefined {
  if (process.getuid?.() !== 0) return 'only root can become another user';
  try {
    execFileSync(process.execPath, [authsvcFile, '--version'], { uid: NOBODY, gid: NOBODY, cwd: '/', stdio: 'ignore' });
    return undefined;
  } catch {
    return 'another user cannot enter the folder of this clone';
  }
}

export interface RunIntoOptions extends RunOptions {
  /** Where standard output goes, and how that is opened: `w` unless said otherwise. */
  readonly stdout: string;
  readonly flags?: string;
}

/**
 * Runs one `authsvc` command whose standard output is a file or a device, such as one that is
 * always full.
 */
export async function runInto(
  args: readonly string[],
  { home, env, input = '', stdout, flags = 'w' }: RunIntoOptions,
): Promise<CommandEnd> {
  const file = openSync(stdout, flags, 0o600);
  const child = spawn(process.execPath, [authsvcFile, ...args], {
    env: cleanEnvironment(home, env),
    stdio: ['pipe', file, 'pipe'],
  });
  closeSync(file);
  // A command that reads no input closes it.
  child.stdin?.on('error', () => undefined).end(input);
  const [stderr, [exitCode]] = await Promise.all([text(child.stderr as Readable), once(child, 'exit')]);
  return { exitCode: exitCode as number, stdout: '', stderr: stderr.replace(/\n$/, '') };
}
