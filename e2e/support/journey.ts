import { join } from 'node:path';
import { beforeAll, expect, onTestFinished, test } from 'vitest';
import { openPseudoTerminal, type PseudoTerminal } from '../../test/pseudo-terminal.ts';
import { startSecretService } from '../../test/secret-service.mjs';
import { type Daemon, startDaemon } from './daemon.ts';
import { setUpMachine } from './machine.ts';
import { authsvcFile, cleanEnvironment, type Environment } from './program.ts';
import { type CommandEnd, type RunOptions, runAuthsvc } from './run-authsvc.ts';
import { makeTemporaryFolder } from './temporary-folder.ts';

/**
 * A test that has a home of its own, and in it whatever it asks for by name: the daemon, the
 * command line, a terminal, a Secret Service. Nothing is started that is not asked for, and all of
 * it is ended and removed afterwards.
 */
export const it = test
  .extend('home', async ({}, { onCleanup }) => {
    const folder = await makeTemporaryFolder();
    onCleanup(folder.remove);
    return folder.path;
  })
  .extend('daemon', async ({ home }, { onCleanup }) => {
    const daemon = await startDaemon({ home });
    onCleanup(async () => {
      await daemon.stop();
    });
    return daemon;
  })
  .extend('machine', ({ home }, { onCleanup }) => {
    const machine = setUpMachine(home);
    onCleanup(machine.stop);
    return machine;
  })
  .extend('otherMachine', ({ home }, { onCleanup }) => {
    const machine = setUpMachine(home, 'other');
    onCleanup(machine.stop);
    return machine;
  })
  .extend('secretService', async ({ home }, { onCleanup }) => {
    const service = await startSecretService(home, join(home, '.run'));
    onCleanup(service.stop);
    return service;
  })
  .extend('authsvc', ({ home, daemon }) => {
    return (args: readonly string[], { env, input }: Omit<RunOptions, 'home'> = {}): Promise<CommandEnd> =>
      runAuthsvc(args, { home, env: { AUTHSVC_URL: daemon.url, ...env }, input });
  })
  .extend('terminal', ({ home, daemon }) => {
    return (args: readonly string[], env: Environment = {}) =>
      openTerminal(args, { home, env: { AUTHSVC_URL: daemon.url, ...env } });
  });

/** Makes an empty folder that is removed after the test. */
export async function makeHome(): Promise<string> {
  const folder = await makeTemporaryFolder();
  onTestFinished(folder.remove);
  return folder.path;
}

/** Starts a daemon that ends with the test. */
export async function serve(home: string, settings: Environment = {}): Promise<Daemon> {
  const daemon = await startDaemon({ home, settings });
  onTestFinished(async () => {
    await daemon.stop();
  });
  return daemon;
}

/** Shares a daemon among the tests of a file. */
export function shareDaemon(settingsIn: (home: string) => Environment = () => ({})): { readonly daemon: Daemon } {
  const shared = {} as { daemon: Daemon };
  beforeAll(async () => {
    const home = await makeTemporaryFolder();
    shared.daemon = await startDaemon({ home: home.path, settings: settingsIn(home.path) });
    return async () => {
      await shared.daemon.stop();
      await home.remove();
    };
  });
  return shared;
}

/** Runs one `authsvc` command on a real pseudo-terminal, as a person at a keyboard does. */
export function openTerminal(args: readonly string[], { home, env }: RunOptions): PseudoTerminal {
  return openPseudoTerminal(process.execPath, [authsvcFile, ...args], cleanEnvironment(home, env));
}

/** Expects a command to have ended with a status, and with these lines on standard error. */
export function expectEnd({ exitCode, stderr }: Omit<CommandEnd, 'stdout'>, status: number, lines: unknown[]): void {
  expect({ exitCode, lines: stderr.split('\n') }).toEqual({ exitCode: status, lines });
}
