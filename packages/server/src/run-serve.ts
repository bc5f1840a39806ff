import { DatabaseRefusedError } from '@authsvc/core';
import { ConfigError, loadConfig } from './config.ts';
import { type RunningService, startService } from './service.ts';
import { StartRefusedError } from './start-refused-error.ts';

const EXIT_DONE = 0;
const EXIT_FAILED = 1;
const EXIT_USAGE = 2;

/**
 * Runs the daemon in this process, until SIGTERM or SIGINT: settings from the environment, logs on stderr, and on stdout the one line
 * `authsvc listening on <url>`.
 *
 * @returns the exit status: 0 stopped as asked, 1 could not start or stop, 2 wrong settings; why is on stderr.
 */
export async function runServe(): Promise<number> {
  // Before anything is made: nobody else on this machine reads what the daemon writes.
  process.umask(0o077);
  let service: RunningService;
  try {
    service = await startService(loadConfig(process.env), { logStream: process.stderr });
  } catch (error) {
    return refuse(error);
  }
  const stopped = nextStopSignal();
  process.stdout.write(`authsvc listening on ${service.url}\n`);
  await stopped;
  try {
    await service.close();
    return EXIT_DONE;
  } catch (error) {
    return refuse(error);
  }
}

/** Resolves at the first signal to stop. From then on signals do what they do by themselves: a second one ends the process at once. */
function nextStopSignal(): Promise<void> {
  return new Promise((resolve) => {
    const stop = () => {
      process.off('SIGTERM', stop);
      process.off('SIGINT', stop);
      resolve();
    };
    process.on('SIGTERM', stop);
    process.on('SIGINT', stop);
  });
}

function refuse(error: unknown): number {
  if (error instanceof ConfigError) {
    for (const problem of error.problems) process.stderr.write(`authsvc: ${problem}\n`);
    return EXIT_USAGE;
  }
  const isForeseen = error instanceof StartRefusedError || error instanceof DatabaseRefusedError;
  const text = isForeseen || !(error instanceof Error) ? String((error as Error).message ?? error) : error.stack;
  process.stderr.write(`authsvc: ${text}\n`);
  return EXIT_FAILED;
}
