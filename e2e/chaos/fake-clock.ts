import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Environment } from '../support/program.ts';

const LIBRARIES = '/usr/lib';

const library = findFakeTime();

/** Why this machine cannot move the clock of one process; undefined if it can. */
export const fakeClockObstacle =
  library === undefined ? 'there is no libfaketime, which moves the clock of one process' : undefined;

/** A clock for the processes that are started with its environment. */
export function makeFakeClock(folder: string) {
  const offsetFile = join(folder, 'offset');
  const moveTo = (days: number) => writeFileSync(offsetFile, `${days < 0 ? '' : '+'}${days}d`);
  moveTo(0);
  const environment: Environment = {
    LD_PRELOAD: library ?? '',
    FAKETIME_TIMESTAMP_FILE: offsetFile,
    FAKETIME_NO_CACHE: '1',
    // Timers use the monotonic clock, which does not move when a clock is set.
    FAKETIME_DONT_FAKE_MONOTONIC: '1',
  };
  /** `moveTo` sets it to so many days from now. */
  return { environment, moveTo };
}

function findFakeTime(): string | undefined {
  if (!existsSync(LIBRARIES)) return undefined;
  const folders = ['', ...readdirSync(LIBRARIES)];
  return folders.map((name) => join(LIBRARIES, name, 'faketime', 'libfaketime.so.1')).find((path) => existsSync(path));
}
