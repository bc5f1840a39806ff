import { describe, expect, it } from 'vitest';
import { AuthError } from '../errors.ts';
import { translateDatabaseErrors } from './errors.ts';

const failing = (error: unknown) => translateDatabaseErrors(() => Promise.reject(error));

describe('translateDatabaseErrors', () => {
  it('gives back what the work gives', async () => {
    expect(await translateDatabaseErrors(async () => 'done')).toBe('done');
  });

  it.each([
    'SQLITE_BUSY',
    'SQLITE_LOCKED',
    'SQLITE_FULL',
    'SQLITE_IOERR',
    'SQLITE_READONLY',
    'SQLITE_CANTOPEN',
    'SQLITE_CORRUPT',
  ])('says that the database is unavailable for %s', async (code) => {
    const cause = Object.assign(new Error(`${code}: something`), { code });
    const refusal = await failing(cause).catch((error: unknown) => error);
    expect(refusal).toEqual(new AuthError('database_unavailable', { retryAfterSeconds: 1, cause }));
    expect(refusal).toMatchObject({ retryAfterSeconds: 1, cause });
  });

  it.each(['08006', '53300', '57P01', '57014', '55P03', '25006', '40001', '40P01', 'ECONNREFUSED', 'ETIMEDOUT'])(
    'says so for %s, which PostgreSQL or the way to it reports',
    async (code) => {
      const cause = Object.assign(new Error('select 1 - something'), { code });
      await expect(failing(cause)).rejects.toMatchObject({ code: 'database_unavailable', cause });
    },
  );

  it.each([
    'Connection terminated unexpectedly',
    'insert into "events" - Connection terminated',
    'ROLLBACK - Query read timeout',
  ])('says so for "%s", which has no code', async (message) => {
    await expect(failing(new Error(message))).rejects.toMatchObject({ code: 'database_unavailable' });
  });

  it('knows an email that another took at the same time', async () => {
    const cause = Object.assign(new Error('duplicate key'), { code: '23505', constraint: 'users_email_key_unique' });
    await expect(failing(cause)).rejects.toMatchObject({ code: 'email_taken', field: 'email', cause });
  });

  it('says so when no connection is free in time', async () => {
    const cause = Object.assign(new Error('Timeout acquiring a connection'), { name: 'KnexTimeoutError' });
    await expect(failing(cause)).rejects.toMatchObject({ code: 'database_unavailable', cause });
  });

  it.each([
    ['a refusal by the rules', new AuthError('email_taken')],
    ['a constraint that was broken', Object.assign(new Error('SQLITE_CONSTRAINT'), { code: 'SQLITE_CONSTRAINT' })],
    ['a fault in a statement', Object.assign(new Error('SQLITE_ERROR'), { code: 'SQLITE_ERROR' })],
    ['any other error', new TypeError('something is not a function')],
    ['what is no error', 'text'],
  ])('leaves %s as it is', async (_what, error) => {
    await expect(failing(error)).rejects.toBe(error);
  });
});
