import type { Database } from './database.ts';

export type Row = Record<string, string | number | boolean | null>;

export interface Table {
  readonly name: string;
  /** The columns of its primary key. */
  readonly key: readonly [string, ...string[]];
}

/** Every table that holds what the service knows, each after those that it refers to. */
export const tables: readonly Table[] = [
  { name: 'users', key: ['id'] },
  { name: 'sessions', key: ['token_digest'] },
  { name: 'totp_factors', key: ['user_id'] },
  { name: 'recovery_codes', key: ['user_id', 'digest'] },
  { name: 'pending_totp', key: ['session_digest'] },
  { name: 'pending_logins', key: ['digest'] },
  { name: 'devices', key: ['digest'] },
  { name: 'reserved_addresses', key: ['email_key'] },
  { name: 'reset_tokens', key: ['user_id'] },
  { name: 'one_time_tokens', key: ['digest'] },
  { name: 'throttles', key: ['key'] },
  { name: 'known_addresses', key: ['user_id', 'network'] },
  { name: 'outbox', key: ['id'] },
  { name: 'mails', key: ['id'] },
  { name: 'defaults', key: ['setting'] },
  { name: 'events', key: ['id'] },
];

/** Read a whole table in batches, by primary key, in the database's own collation. */
export async function* readBatches(database: Database, { name, key }: Table, limit: number): AsyncGenerator<Row[]> {
  let last: Row | undefined;
  do {
    const query = database
      .read<Row>(name)
      .orderBy([...key])
      .limit(limit);
    if (last) {
      const after = key.map((column) => last?.[column] ?? null);
      query.whereRaw(`(${key.map(() => '??').join()}) > (${key.map(() => '?').join()})`, [...key, ...after]);
    }
    const rows: Row[] = await query.select();
    if (rows.length > 0) yield rows;
    last = rows.length < limit ? undefined : rows.at(-1);
  } while (last);
}
