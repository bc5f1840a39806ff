import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Dialect } from '../row.ts';
import type { Person } from './person.ts';

export interface House {
  readonly dialect: Dialect;
  readonly folder: string;
  /** All who have an account, or may have one. */
  readonly people: readonly Person[];
}

/**
 * Do what concerns all accounts, as the operator, while all others pause: only then is it known
 * what the result must be.
 */
export async function operateOnAll(operator: Person, { dialect, folder, people }: House): Promise<void> {
  const { tally } = operator;
  for (const path of ['/daemon', '/daemon/warnings', '/metrics', '/events?newest=true&limit=100', '/users?limit=10']) {
    await operator.operate(`GET ${path}`, '200');
  }
  const { text } = await operator.operate('GET /users/export', '200');
  const exported = text.split('\n').length - 1;
  if (exported !== tally.accounts) tally.unexpected.push(`${exported} exported instead of ${tally.accounts}`);
  const kept = new Map<string, string>();
  for (const line of text.split('\n').slice(0, -1)) {
    const { email, role, email_verified: verified } = JSON.parse(line) as Record<string, unknown>;
    kept.set(String(email), `${role} ${verified}`);
  }
  for (const { account } of people) {
    if (!account) continue;
    const [found, known] = [kept.get(account.email), `${account.role} ${account.isVerified}`];
    if (found !== known) tally.unexpected.push(`GET /users/export: ${account.email} is ${found} instead of ${known}`);
  }
  // Every exported account exists already, so the import adds none.
  const headers = { 'content-type': 'application/x-ndjson' };
  const answer = await operator.operate('POST /users/import', '200', { headers, raw: text });
  const summary = `{"summary":{"imported":0,"exists":${exported},"refused":0}}`;
  if (!answer.text.includes(summary)) tally.unexpected.push(`POST /users/import: ${answer.text.slice(-200)}`);

  if (dialect === 'sqlite') {
    const path = join(folder, 'backup.db');
    await operator.operate('POST /backup', '200', { json: { path } });
    await rm(path);
  }

  await operator.operate('POST /sessions/revoke-all', '200');
  tally.expect('all_sessions_revoked');
  for (const person of people) if (person.account) person.endSessions(person.account);
}
