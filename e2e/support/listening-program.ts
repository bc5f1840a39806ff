import { connect } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { execa } from 'execa';
import type { Environment } from './program.ts';

export interface ListeningProgram {
  stop(): Promise<void>;
}

export interface ProgramOptions {
  readonly command: readonly string[];
  readonly folder: string;
  readonly env: Environment;
  /** Where it listens once it is up. */
  readonly port: number;
  readonly host?: string;
  /** Whether it may start other programs, as `npm start` and `go run` do: they end with it. */
  readonly isGroup?: boolean;
}

/**
 * Starts a program and waits until its port accepts connections.
 *
 * @throws when it ends before, with what it printed.
 */
export async function startListening(options: ProgramOptions): Promise<ListeningProgram> {
  const { command, folder, env, port, host, isGroup = false } = options;
  const [file = '', ...args] = command;
  const own = { cwd: folder, env, extendEnv: false, detached: isGroup } as const;
  const child = execa(file, args, { ...own, stdin: 'ignore', reject: false, all: true });
  let end: string | undefined;
  const kill = () => {
    if (end === undefined && child.pid !== undefined) process.kill(isGroup ? -child.pid : child.pid, 'SIGTERM');
  };
  // A group does not end with a test run that is broken off, as a child alone does.
  process.once('exit', kill);
  const ended = child.then(({ all }) => {
    end = all;
    process.off('exit', kill);
  });
  while (!(await accepts(port, host))) {
    if (end !== undefined) throw new Error(`${command.join(' ')} ended before it listened:\n${end}`);
    await setTimeout(20);
  }
  return {
    stop: async () => {
      kill();
      await ended;
    },
  };
}

/** Says whether something listens at a port. */
export function accepts(port: number, host = '127.0.0.1'): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, host, () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}
