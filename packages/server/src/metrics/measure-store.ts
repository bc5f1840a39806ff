import { AuthError, type StoreListeners } from '@authsvc/core';
import type { Measurements } from './measurements.ts';

/** Times the store's writes, and counts its failures. */
export function measureStore(measurements: Measurements): Pick<StoreListeners, 'onFailure' | 'onWritten'> {
  const { databaseErrors, writeSeconds } = measurements;
  return {
    onFailure: (error) => {
      // Other refusals come from the rules, in the middle of one of their transactions.
      if (!(error instanceof AuthError)) databaseErrors.other += 1;
      else if (error.code === 'database_unavailable') databaseErrors.unavailable += 1;
    },
    onWritten: (durationMs) => writeSeconds.observe(durationMs / 1000),
  };
}
