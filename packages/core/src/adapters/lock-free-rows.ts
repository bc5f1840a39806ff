import type { Knex } from 'knex';
import { ImmediateSqliteClient } from './sqlite-client.ts';

/** Locks the rows that a query finds, passing over those that another instance holds; SQLite has one writer at a time, so nobody holds any. */
export function lockFreeRows<Query extends Knex.QueryBuilder>(trx: Knex.Transaction, query: Query): Query {
  return trx.client instanceof ImmediateSqliteClient ? query : (query.forUpdate().skipLocked() as Query);
}
