import { setTimeout } from 'node:timers/promises';
import { startDaemon } from '../../support/daemon.ts';
import { makeDatabase } from '../database.ts';
import { checkDatabase } from '../ledger/check-database.ts';
import { createLedger } from '../ledger/ledger.ts';
import { People } from '../ledger/mixed-load.ts';
import { verifyAccount } from '../ledger/verify.ts';
import type { Row } from '../row.ts';
import { judge } from '../run-row.ts';

/**
 * The most answers, and then the most milliseconds, to wait before a kill: both vary, so that each
 * kill interrupts something else.
 */
const MOST_ANSWERS_EACH = 5;
const MOST_MILLISECONDS = 60;

export const killRow: Row<'kills' | 'kills-on-postgres' | 'writers' | 'start-ms'> = {
  name: 'kill',
  fault: 'kill -9 under a mixed load of writes',
  dialects: ['sqlite', 'postgres'],
  sizes: {
    small: { kills: 2, 'kills-on-postgres': 1, writers: 3, 'start-ms': 10_000 },
    full: { kills: 200, 'kills-on-postgres': 50, writers: 8, 'start-ms': 2000 },
  },
  async run({ size, dialect, folder, log, onEnd }) {
    const kills = dialect === 'sqlite' ? size.kills : size['kills-on-postgres'];
    const database = await makeDatabase(dialect, folder);
    const ledger = createLedger();
    const people = new People(ledger, size.writers);
    const startsMs: number[] = [];
    const start = async () => {
      const started = performance.now();
      const daemon = await startDaemon({ home: folder, settings: database.settings });
      startsMs.push(performance.now() - started);
      return daemon;
    };
    let daemon = await start();
    onEnd(() => daemon.stop('SIGKILL'));
    const firstStartMs = startsMs.pop() ?? 0;

    for (let kill = 1; kill <= kills; kill += 1) {
      const load = people.write(daemon);
      await load.acknowledged(1 + Math.floor(Math.random() * MOST_ANSWERS_EACH * size.writers));
      await setTimeout(Math.random() * MOST_MILLISECONDS);
      await daemon.stop('SIGKILL');
      await load.stop();
      daemon = await start();
      const { url } = daemon;
      await Promise.all(people.accounts().map((account) => verifyAccount(url, ledger, account)));
      if (kill % 10 === 0) log(`${kill} kills, ${ledger.acknowledged()} writes acknowledged`);
    }
    for (const account of ledger.accounts) await verifyAccount(daemon.url, ledger, account);
    await checkDatabase(database, dialect, ledger);

    const slowestMs = Math.max(...startsMs);
    const slow = startsMs.filter((milliseconds) => milliseconds > size['start-ms']).length;
    const failures = [
      ...ledger.surprises,
      ...(slow > 0 ? [`${slow} starts took longer than ${size['start-ms']} ms`] : []),
    ];
    return judge(
      `${size.writers} people registered, logged in and out, reset and changed passwords, changed addresses and deleted accounts, and an operator set roles and verified addresses; the service was killed and started again`,
      kills,
      `${ledger.acknowledged()} writes acknowledged on ${ledger.accounts.length} accounts, ${ledger.doubted()} unanswered, ${ledger.surprises.length} lost or half done; slowest start ${Math.round(slowestMs)} ms of the first one's ${Math.round(firstStartMs)}`,
      failures,
    );
  },
};
