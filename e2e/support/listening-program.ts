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
}

/**
 * Starts a program and waits until its port accepts connections.
 *
 * @throws when it ends before, with what it printed.
 */
export async function startListening({ command, folder, env, port, host }: ProgramOptions): Promise<ListeningProgram> {
  const [file = '', ...args] = command;
  const child = execa(file, args, { cwd: folder, env, extendEnv: false, stdin: 'ignore', reject: false, all: true });
  let end: string | undefined;
  const ended = child.then(({ all }) => {
    end = all;
  });
  while (!(await accepts(port, host))) {
    if (end !== undefined) throw new Error(`${command.join(' ')} ended before it listened:\n${end}`);
    await setTimeout(20);
  }
  return {
    stop: async () => {
      child.kill('SIGTERM');
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
