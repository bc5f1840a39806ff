import { describe, expect, it } from 'vitest';
import { rows } from './rows.ts';
import { runRow } from './run-row.ts';

describe.each(rows)('$name', (row) => {
  it.for(row.dialects)('holds on %s, in small', async (dialect, { skip }) => {
    const outcome = await runRow(row, { dialect, size: row.sizes.small });
    skip(outcome.notRun !== undefined, outcome.notRun);
    expect(outcome.holds, JSON.stringify(outcome)).toBe(true);
  });
});
