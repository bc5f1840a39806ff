import { join } from 'node:path';
import { makeDatabase } from '../database.ts';
import { openMailbox } from '../ledger/mailbox.ts';
import type { Row } from '../row.ts';
import { type KillSize, killUnderLoad } from './kill.ts';

export const killProofsRow: Row<KillSize> = {
  name: 'kill-proofs',
  fault: 'kill -9 between registrations, their mails and their proofs',
  dialects: ['sqlite', 'postgres'],
  sizes: {
    small: { kills: 2, 'kills-on-postgres': 1, writers: 3, 'start-ms': 10_000 },
    full: { kills: 50, 'kills-on-postgres': 50, writers: 8, 'start-ms': 2000 },
  },
  async run(context) {
    const database = await makeDatabase(context.dialect, context.folder);
    return killUnderLoad(context, database, openMailbox(join(context.folder, 'mails'), database));
  },
};
