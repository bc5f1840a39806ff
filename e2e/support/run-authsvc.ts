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
  readonly input?: string;
}

/** Runs one `authsvc` command to its end, without a terminal. */
export async function runAuthsvc(args: readonly string[], { home, env = {}, input }: RunOptions): Promise<CommandEnd> {
  const { exitCode, stdout, stderr } = await execa(process.execPath, [authsvcFile, ...args], {
    env: cleanEnvironment(home, env),
    extendEnv: false,
    reject: false,
    ...(input === undefined ? { stdin: 'ignore' } : { input }),
  });
  return { exitCode, stdout, stderr };
}
