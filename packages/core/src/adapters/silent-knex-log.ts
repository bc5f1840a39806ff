import type { Knex } from 'knex';

function ignore(): void {
  // Says nothing on purpose.
}

/** Whatever Knex would print, it throws as well; standard output is not its to write to. */
export const silentKnexLog: Knex.Logger = { debug: ignore, warn: ignore, error: ignore, deprecate: ignore };
