import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { cleanEnvironment, type Environment } from './program.ts';
import { runAuthsvc } from './run-authsvc.ts';

/** The daemon as `authsvc daemon status --json` tells of it. */
export interface DaemonStatus {
  readonly running: boolean;
  readonly state: string;
  readonly pid: number;
  readonly url: string;
}

/**
 * Sets up a machine in a folder; its daemon takes a free port, and bcrypt costs as little as is
 * allowed.
 */
export function setUpMachine(home: string, folderName = 'data') {
  const dataFolder = join(home, folderName);
  const settings = { AUTHSVC_DATA_DIR: dataFolder, AUTHSVC_LISTEN_PORT: '0', AUTHSVC_BCRYPT_COST: '10' };
  const authsvc = (args: readonly string[], more: Environment = {}) =>
    runAuthsvc(args, { home, env: { ...settings, ...more } });
  const status = async () => JSON.parse((await authsvc(['daemon', 'status', '--json'])).stdout) as DaemonStatus;
  return {
    dataFolder,
    socket: join(dataFolder, 'control.sock'),
    log: join(dataFolder, 'logs', 'authsvc.log'),
    /** The whole environment of a command there. */
    env: cleanEnvironment(home, settings),
    authsvc,
    status,
    /** Starts the daemon, and returns what it says of itself. */
    start: async (more?: Environment) => {
      const { exitCode, stderr } = await authsvc(['daemon', 'start'], more);
      if (exitCode !== 0) throw new Error(`the daemon did not start:\n${stderr}`);
      return await status();
    },
    stop: async () => {
      const { exitCode, stderr } = await authsvc(['daemon', 'stop']);
      if (exitCode !== 0) throw new Error(`the daemon did not stop:\n${stderr}`);
    },
  };
}

/** A person's machine, on which the daemon runs in the background or does not. */
export type Machine = ReturnType<typeof setUpMachine>;

/** Whether a process of this id runs; a zombie does not. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !/^State:\tZ/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch (error) {
    // Where there is no /proc, the signal alone tells.
    return (error as NodeJS.ErrnoException).code === 'ENOENT' && !existsSync('/proc');
  }
}
