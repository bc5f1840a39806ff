import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { RowDatabase } from '../database.ts';

export type Mailbox = ReturnType<typeof openMailbox>;

/** The mails that a service writes to a folder, and those that it owes. */
export function openMailbox(folder: string, { query }: Pick<RowDatabase, 'query'>) {
  const read = new Set<string>();
  const tokens = new Map<string, string>();

  async function findToken(email: string): Promise<string | undefined> {
    if (!tokens.has(email)) await readNew();
    return tokens.get(email);
  }

  async function readNew(): Promise<void> {
    // There is no folder before the first mail.
    for (const name of await readdir(folder).catch(() => [])) {
      if (!name.endsWith('.json') || read.has(name)) continue;
      const { to, text } = JSON.parse(await readFile(join(folder, name), 'utf8'));
      const [token] = /^ +[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/m.exec(text) ?? [];
      read.add(name);
      if (token !== undefined) tokens.set(to, token.trim());
    }
  }

  return {
    settings: { AUTHSVC_EMAIL_VERIFICATION: 'required', AUTHSVC_MAIL_DIR: folder, AUTHSVC_RESET_DELIVERY: 'response' },
    /** The token of the mail that was last written to an address. */
    findToken,
    /** Whether an address has its mail, or is to get it. */
    isExpected: async (email: string): Promise<boolean> => {
      // In this order: a mail is written before its row is deleted.
      const owed = await query(`select id from mails where email = '${email}'`);
      return owed.length > 0 || (await findToken(email)) !== undefined;
    },
    /** Makes every owed mail due, for those that wait for a retry. */
    makeDue: () => query('update mails set next_attempt_at = 0'),
    countOwed: async (): Promise<number> => (await query('select id from mails')).length,
  };
}
