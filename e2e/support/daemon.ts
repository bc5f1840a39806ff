import { type StdioOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { execa } from 'execa';
import { authsvcFile, cleanEnvironment, type Environment } from './program.ts';
import { runAuthsvc } from './run-authsvc.ts';

export interface DaemonEnd {
  readonly exitCode: number | undefined;
  readonly signal: string | undefined;
}

export type Daemon = Awaited<ReturnType<typeof startDaemon>>;

export interface DaemonOptions {
  readonly home: string;
  /**
   * Settings beyond a free port and a data folder in the home; bcrypt costs as little as is allowed
   * unless said otherwise.
   */
  readonly settings?: Environment;
  /**
   * A program that runs the daemon and takes its command line as its last arguments, as `strace`
   * does.
   */
  readonly under?: readonly string[];
}

/** The environment of a service on a free port, whose bcrypt costs as little as is allowed. */
export function serviceEnvironment(home: string, settings: Environment): Environment {
  const own = { AUTHSVC_LISTEN_PORT: '0', AUTHSVC_BCRYPT_COST: '10', AUTHSVC_DATA_DIR: join(home, 'data') };
  return cleanEnvironment(home, { ...own, ...settings });
}

/**
 * Starts `authsvc serve` and waits until it says where it listens.
 *
 * @throws when it ends before, with what it said.
 */
export async function startDaemon({ home, settings = {}, under = [] }: DaemonOptions) {
  const env = serviceEnvironment(home, settings);
  const { AUTHSVC_DATA_DIR: dataFolder = '' } = env;
  const [program = '', ...args] = [...under, process.execPath, authsvcFile, 'serve'];
  const child = execa(program, args, {
    env,
    extendEnv: false,
    stdin: 'ignore',
    reject: false,
    buffer: false,
    forceKillAfterDelay: false,
  });
  let stdout = '';
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
  });

  const ended = child.then(({ exitCode, signal }) => ({ exitCode, signal }));
  const listening = new Promise<string>((resolve) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      stdout += `${line}\n`;
      const url = /^authsvc listening on (http:\/\/\S+)$/.exec(line)?.[1];
      if (url) resolve(url);
    });
  });
  const url = await Promise.race([listening, ended.then(() => undefined)]);
  if (url === undefined || child.pid === undefined) throw new Error(`the daemon ended before it listened:\n${stderr}`);

  return {
    url,
    pid: child.pid,
    dataFolder,
    /** The socket that the operator's commands speak to. */
    control: join(dataFolder, 'control.sock'),
    /** Everything it has written to its standard output so far. */
    stdout: () => stdout,
    /** Everything it has logged so far. */
    stderr: () => stderr,
    /** Asks it to end, and waits until it has. */
    stop: (signal: NodeJS.Signals = 'SIGTERM'): Promise<DaemonEnd> => {
      child.kill(signal);
      return ended;
    },
  };
}

export type Serving = Awaited<ReturnType<typeof startServing>>;

/**
 * Starts `authsvc serve` with inputs and outputs of its own; its control socket says where it
 * listens.
 */
export async function startServing(
  home: string,
  stdio: StdioOptions,
  { command = [process.execPath, authsvcFile, 'serve'], settings = {} } = {},
) {
  const env = serviceEnvironment(home, settings);
  const [program = '', ...args] = command;
  const child = spawn(program, args, { env, stdio });
  const ended = once(child, 'exit');
  const { stdout } = await runAuthsvc(['daemon', 'wait', '--json'], { home, env });
  const { url } = JSON.parse(stdout) as { url: string };
  return {
    child,
    /** The environment of a command that speaks to it. */
    env,
    url,
    /** Resolves with its exit status, or the signal that ended it. */
    stop: async (signal: NodeJS.Signals = 'SIGTERM') => {
      child.kill(signal);
      const [code, by]: (number | NodeJS.Signals | null)[] = await ended;
      return code ?? by;
    },
  };
}
