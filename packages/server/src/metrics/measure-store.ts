import { AuthError, type Store } from '@authsvc/core';
import type { Measurements } from './measurements.ts';

/** A store that behaves as the given one does; its writes are timed, and its failures counted. */
export function measureStore(store: Store, { databaseErrors, writeSeconds }: Measurements): Store {
  const counted = Object.entries(store).map(([name, method]) => [
    name,
    (...parameters: unknown[]) =>
      method(...parameters).catch((error: unknown) => {
        // Another refusal comes from the rules, in the middle of a transaction of theirs.
        if (!(error instanceof AuthError)) databaseErrors.other += 1;
        else if (error.code === 'database_unavailable') databaseErrors.unavailable += 1;
        throw error;
      }),
  ]);
  const { write, ...others }: Store = Object.fromEntries(counted);
  return {
    ...others,
    write: async (work) => {
      const startedAt = performance.now();
      try {
        return await write(work);
      } finally {
        writeSeconds.observe((performance.now() - startedAt) / 1000);
      }
    },
  };
}
