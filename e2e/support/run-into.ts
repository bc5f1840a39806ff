import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { authsvcFile, cleanEnvironment, type Environment } from './program.ts';

export interface RunIntoOptions {
  readonly home: string;
  readonly env?: Environment;
  readonly input?: string;
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
  { home, env = {}, input = '', stdout, flags = 'w' }: RunIntoOptions,
): Promise<{ readonly exitCode: number | null; readonly stderr: string }> {
  const file = openSync(stdout, flags, 0o600);
  const child = spawn(process.execPath, [authsvcFile, ...args], {
    env: cleanEnvironment(home, env),
    stdio: ['pipe', file, 'pipe'],
  });
  closeSync(file);
  // A command that reads no input closes it.
  child.stdin?.on('error', () => undefined).end(input);
  const [stderr, [exitCode]] = await Promise.all([text(child.stderr as Readable), once(child, 'exit')]);
  return { exitCode: exitCode as number | null, stderr: stderr.replace(/\n$/, '') };
}
