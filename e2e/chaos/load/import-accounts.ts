import { join } from 'node:path';
import type { Daemon } from '../../support/daemon.ts';
import { must } from './account.ts';
import { exchange } from './exchange.ts';

/** What the operator's commands speak to. */
export function controlSocket({ dataFolder }: Pick<Daemon, 'dataFolder'>): string {
  return join(dataFolder, 'control.sock');
}

/** Takes accounts in that have the password of one that is there already, so that a thousand cost no more hashing than one. */
export async function importAccounts(daemon: Daemon, emails: readonly string[]): Promise<void> {
  const control = controlSocket(daemon);
  const { text } = await must(exchange(control, { method: 'GET', path: '/users/export' }));
  const { password_hash } = JSON.parse(text.slice(0, text.indexOf('\n'))) as { password_hash: string };
  const lines = emails.map((email, index) => JSON.stringify({ line: index + 1, email, password_hash }));
  const headers = { 'content-type': 'application/x-ndjson' };
  const answer = await must(
    exchange(control, { method: 'POST', path: '/users/import', headers, body: lines.join('\n') }),
  );
  const imported = `{"summary":{"imported":${emails.length},"exists":0,"refused":0}}`;
  if (!answer.text.includes(imported)) throw new Error(`not imported: ${answer.text}`);
}
