import { test } from 'vitest';
import { startDaemon } from './daemon.ts';
import { setUpMachine } from './machine.ts';
import type { Environment } from './program.ts';
import { type CommandEnd, runAuthsvc } from './run-authsvc.ts';
import { startSecretService } from './secret-service.ts';
import { makeTemporaryFolder } from './temporary-folder.ts';
import { openTerminal, type Terminal } from './terminal.ts';

interface CommandOptions {
  readonly env?: Environment;
  readonly input?: string;
}

/**
 * A test that has a home of its own, and in it whatever it asks for by name: the daemon, the command line, a terminal, a
 * Secret Service. Nothing is started that is not asked for, and all of it is ended and removed afterwards.
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
    const service = await startSecretService(home);
    onCleanup(service.stop);
    return service;
  })
  .extend('authsvc', ({ home, daemon }) => {
    return (args: readonly string[], { env = {}, ...options }: CommandOptions = {}): Promise<CommandEnd> =>
      runAuthsvc(args, { home, env: { AUTHSVC_URL: daemon.url, ...env }, ...options });
  })
  .extend('terminal', ({ home, daemon }, { onCleanup }) => {
    const opened: Terminal[] = [];
    onCleanup(() => {
      for (const terminal of opened) terminal.kill();
    });
    return (args: readonly string[], env: Environment = {}): Terminal => {
      const terminal = openTerminal(args, { home, env: { AUTHSVC_URL: daemon.url, ...env } });
      opened.push(terminal);
      return terminal;
    };
  });
