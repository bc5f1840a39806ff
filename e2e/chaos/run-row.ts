import { startDaemon } from '../support/daemon.ts';
import { makeTemporaryFolder } from '../support/temporary-folder.ts';
import type { Dialect, Outcome, Row, RowContext } from './row.ts';

export interface RowRun {
  readonly dialect: Dialect;
  readonly size: RowContext['size'];
  readonly log?: (line: string) => void;
}

/** Runs a row in a folder of its own, and ends what it began. A row that throws has failed. */
export async function runRow(row: Row, { dialect, size, log = () => undefined }: RowRun): Promise<Outcome> {
  const folder = await makeTemporaryFolder();
  const ends: (() => unknown)[] = [];
  let isEnding = false;
  const onEnd = (work: () => unknown) => {
    // An interrupted row goes on for a moment.
    if (isEnding) work();
    else ends.push(work);
  };
  const endAll = async () => {
    isEnding = true;
    for (const end of ends.splice(0).reverse()) await end();
    await folder.remove();
  };
  endRun = endAll;
  try {
    const home = folder.path;
    const serve: RowContext['serve'] = async (settings = {}, under = []) => {
      const daemon = await startDaemon({ home, settings, under });
      onEnd(() => daemon.stop());
      return daemon;
    };
    return await row.run({ size, dialect, folder: home, serve, log, onEnd });
  } catch (error) {
    const why = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return { done: 'ended before its time', times: 0, counted: '', holds: false, why };
  } finally {
    await endAll();
  }
}

/** Ends what the current row has begun, if it must stop early. */
export let endRun: () => Promise<void> = async () => undefined;

/**
 * The outcome of a row, which holds if no check failed. `found` has a sentence for each check that
 * failed.
 */
export function judge(done: string, times: number, counted: string, found: readonly (string | false)[]): Outcome {
  const failures = found.filter((failure) => failure !== false);
  if (failures.length === 0) return { done, times, counted, holds: true };
  const shown = failures.slice(0, 5).join('; ');
  const why = failures.length > 5 ? `${shown}; and ${failures.length - 5} more` : shown;
  return { done, times, counted, holds: false, why };
}

/** The outcome of a row on a machine that lacks something. */
export function cannotRun(notRun: string): Outcome {
  return { done: 'nothing', times: 0, counted: '', holds: false, notRun };
}
