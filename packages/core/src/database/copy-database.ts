import { createHash } from 'node:crypto';
import type { Database } from './database.ts';
import { DatabaseRefusedError } from './errors.ts';
import { type Row, readBatches, type Table, tables } from './tables.ts';

/** Small enough for the parameters of one statement, and for the time that one may take. */
const ROWS_PER_BATCH = 500;

export interface CopiedTable {
  readonly table: string;
  readonly rows: number;
  /**
   * The sum, modulo 2²⁵⁶, of the SHA-256 of each row, in hexadecimal: independent of their order.
   */
  readonly digest: string;
}

/** Called with how many rows of a table have been copied so far. */
type ReportProgress = (progress: { readonly table: string; readonly done: number }) => void;

/**
 * Copy every row of one migrated database to another, in batches that are each a transaction. Rows
 * that are there already stay, so that an interrupted copy can be run again.
 *
 * @param options `targetName` is what the target is called in a refusal.
 * @returns what both databases hold, once both have been read in full and are the same.
 * @throws {@link DatabaseRefusedError} the target holds a row that the source does not, and nothing
 * is written; or it changed during the copy.
 */
export async function copyDatabase(
  source: Database,
  target: Database,
  { targetName, onProgress = () => undefined }: { targetName: string; onProgress?: ReportProgress },
): Promise<CopiedTable[]> {
  for (const table of tables) await refuseStrangers(source, target, table, targetName);
  const copied = new Map<Table, CopiedTable>();
  for (const table of tables) copied.set(table, await copyTable(source, target, table, onProgress));
  await continueNumbers(target);
  for (const [table, expected] of copied) {
    const found = await summarize(target, table);
    if (found.rows === expected.rows && found.digest === expected.digest) continue;
    throw new DatabaseRefusedError(
      `the table ${table.name} of ${targetName} is not the same as its source (${found.rows} rows of ${expected.rows}): something else wrote to it`,
    );
  }
  return [...copied.values()];
}

async function refuseStrangers(source: Database, target: Database, table: Table, targetName: string): Promise<void> {
  for await (const rows of readBatches(target, table, ROWS_PER_BATCH)) {
    const keys = rows.map((row) => table.key.map((column) => row[column] ?? null));
    const known = await source
      .read<Row>(table.name)
      .whereIn([...table.key], keys)
      .select();
    const canonical = new Set(known.map((row) => canonicalJson(row)));
    if (rows.every((row) => canonical.has(canonicalJson(row)))) continue;
    throw new DatabaseRefusedError(
      `the database ${targetName} has rows of its own in the table ${table.name}: copy to an empty one; nothing was written`,
    );
  }
}

async function copyTable(
  source: Database,
  target: Database,
  table: Table,
  onProgress: ReportProgress,
): Promise<CopiedTable> {
  let done = 0;
  return summarize(source, table, async (rows) => {
    const values = rows.map(withBooleans);
    await target.transaction(async (trx) =>
      trx(table.name)
        .insert(values)
        .onConflict([...table.key])
        .ignore(),
    );
    done += rows.length;
    onProgress({ table: table.name, done });
  });
}

/** @param onBatch is awaited before the next rows are read. */
async function summarize(
  database: Database,
  table: Table,
  onBatch: (rows: Row[]) => Promise<void> = async () => undefined,
): Promise<CopiedTable> {
  let count = 0;
  let sum = 0n;
  for await (const rows of readBatches(database, table, ROWS_PER_BATCH)) {
    await onBatch(rows);
    for (const row of rows) {
      const digest = createHash('sha256').update(canonicalJson(row)).digest('hex');
      sum = BigInt.asUintN(256, sum + BigInt(`0x${digest}`));
    }
    count += rows.length;
  }
  return { table: table.name, rows: count, digest: sum.toString(16).padStart(64, '0') };
}

/** Events were given the numbers that they had; the next one follows them. */
async function continueNumbers({ write }: Database): Promise<void> {
  await write.raw(
    "select setval(pg_get_serial_sequence('events', 'id'), max(id)) from events having max(id) is not null",
  );
}

function canonicalJson(row: Row): string {
  const values = withBooleans(row);
  return JSON.stringify(
    Object.keys(values)
      .sort()
      .map((column) => [column, values[column]]),
  );
}

const BOOLEAN_COLUMNS = ['noted', 'email_verified'];

/** SQLite has no booleans, and returns numbers. */
function withBooleans(row: Row): Row {
  const booleans = BOOLEAN_COLUMNS.filter((column) => column in row).map((column) => [column, Boolean(row[column])]);
  return { ...row, ...Object.fromEntries(booleans) };
}
