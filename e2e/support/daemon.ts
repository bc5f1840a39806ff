import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { execa } from 'execa';
import { authsvcFile, cleanEnvironment, type Environment } from './program.ts';

export interface DaemonEnd {
  readonly exitCode: number | undefined;
  readonly signal: string | undefined;
}

export interface Daemon {
  readonly url: string;
  readonly pid: number;
  readonly dataFolder: string;
  /** The socket that the operator's commands speak to. */
  readonly control: string;
  /** Everything it has written to its standard output so far. */
  stdout(): string;
  /** Everything it has logged so far. */
  stderr(): string;
  /** Asks it to end, and waits until it has. */
  stop(signal?: NodeJS.Signals): Promise<DaemonEnd>;
}

export interface DaemonOptions {
  readonly home: string;
  /** Settings beyond a free port and a data folder in the home; bcrypt costs as little as is allowed unless said otherwise. */
  readonly settings?: Environment;
  /** A program that runs the daemon and takes its command line as its last arguments, as `strace` does. */
  readonly under?: readonly string[];
}

/**
 * Starts `authsvc serve` and waits until it says where it listens.
 *
 * @throws when it ends before, with what it said.
 */
export async function startDaemon({ home, settings = {}, under = [] }: DaemonOptions): Promise<Daemon> {
  const dataFolder = settings.AUTHSVC_DATA_DIR ?? join(home, 'data');
  const env = cleanEnvironment(home, {
    AUTHSVC_LISTEN_PORT: '0',
    AUTHSVC_BCRYPT_COST: '10',
    AUTHSVC_DATA_DIR: dataFolder,
    ...settings,
  });
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
    control: join(dataFolder, 'control.sock'),
    stdout: () => stdout,
    stderr: () => stderr,
    stop: (signal = 'SIGTERM') => {
      child.kill(signal);
      return ended;
    },
  };
}
