import type { Daemon } from '../../support/daemon.ts';
import { mustSend } from '../../support/http-client.mjs';

export const password = 'correct horse battery';

/** Makes an account, logs in, and gives back the session's token. */
export async function openSession(url: string, email: string): Promise<string> {
  await mustSend(url, 'POST /users', { json: { email, password } });
  const { session } = await mustSend(url, 'POST /sessions', { json: { email, password } });
  if (session === undefined) throw new Error('no session came with a login');
  return session;
}

/**
 * Imports accounts with the password hash of an existing one, so that a thousand cost no more
 * hashing than one.
 */
export async function importAccounts({ control }: Daemon, emails: readonly string[]): Promise<void> {
  const { text } = await mustSend(control, 'GET /users/export');
  const { password_hash } = JSON.parse(text.slice(0, text.indexOf('\n'))) as { password_hash: string };
  const lines = emails.map((email, index) => JSON.stringify({ line: index + 1, email, password_hash }));
  const headers = { 'content-type': 'application/x-ndjson' };
  const answer = await mustSend(control, 'POST /users/import', { headers, raw: lines.join('\n') });
  const imported = `{"summary":{"imported":${emails.length},"exists":0,"refused":0}}`;
  if (!answer.text.includes(imported)) throw new Error(`not imported: ${answer.text}`);
}
