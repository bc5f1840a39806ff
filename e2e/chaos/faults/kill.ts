import { setTimeout } from 'node:timers/promises';
import { startDaemon } from '../../support/daemon.ts';
import { ask } from '../account.ts';
import { makeDatabase, type RowDatabase } from '../database.ts';
import { checkDatabase } from '../ledger/check-database.ts';
import { createLedger, type Ledger } from '../ledger/ledger.ts';
import type { Mailbox } from '../ledger/mailbox.ts';
import { People } from '../ledger/mixed-load.ts';
import { verifyAccount } from '../ledger/verify.ts';
import type { Outcome, Row, RowContext } from '../row.ts';
import { judge } from '../run-row.ts';

export type KillSize = 'kills' | 'kills-on-postgres' | 'writers' | 'start-ms';

/**
 * The most answers, and then the most milliseconds, to wait before a kill: both vary, so that each
 * kill interrupts something else.
 */
const MOST_ANSWERS_EACH = 5;
const MOST_MILLISECONDS = 60;
const BETWEEN_LOOKS_MS = 100;

export const killRow: Row<KillSize> = {
  name: 'kill',
  fault: 'kill -9 under a mixed load of writes',
  dialects: ['sqlite', 'postgres'],
  sizes: {
    small: { kills: 2, 'kills-on-postgres': 1, writers: 3, 'start-ms': 10_000 },
    full: { kills: 200, 'kills-on-postgres': 50, writers: 8, 'start-ms': 2000 },
  },
  run: async (context) => killUnderLoad(context, await makeDatabase(context.dialect, context.folder)),
};

/** @param mailbox where addresses must be proven */
export async function killUnderLoad(
  { size, dialect, folder, log, onEnd }: RowContext<KillSize>,
  database: RowDatabase,
  mailbox?: Mailbox,
): Promise<Outcome> {
  const kills = dialect === 'sqlite' ? size.kills : size['kills-on-postgres'];
  const ledger = createLedger();
  const people = new People(ledger, size.writers, mailbox);
  const startsMs: number[] = [];
  const start = async () => {
    const started = performance.now();
    const daemon = await startDaemon({ home: folder, settings: { ...database.settings, ...mailbox?.settings } });
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
    await Promise.all(people.accounts().map((account) => verifyAccount(url, ledger, account, mailbox)));
    if (kill % 10 === 0) log(`${kill} kills, ${ledger.acknowledged()} writes acknowledged`);
  }
  const proven = mailbox && (await proveAll(daemon.url, ledger, mailbox));
  for (const account of ledger.accounts) await verifyAccount(daemon.url, ledger, account, mailbox);
  await checkDatabase(database, dialect, ledger);

  const slowestMs = Math.max(...startsMs);
  const slow = startsMs.filter((milliseconds) => milliseconds > size['start-ms']).length;
  const failures = [
    ...ledger.surprises,
    ...(slow > 0 ? [`${slow} starts took longer than ${size['start-ms']} ms`] : []),
  ];
  return judge(
    `${size.writers} people registered, ${mailbox ? 'proved their addresses' : 'changed addresses'}, logged in and out, reset and changed passwords, enabled second factors, used their codes and deleted accounts, and an operator set roles and verified addresses; the service was killed and started again`,
    kills,
    `${ledger.acknowledged()} writes acknowledged on ${ledger.accounts.length} accounts, of which ${ledger.accounts.filter(({ factor }) => factor).length} have a second factor, ${ledger.doubted()} unanswered, ${ledger.surprises.length} lost or half done${proven === undefined ? '' : `, ${proven} proven at the end`}; slowest start ${Math.round(slowestMs)} ms of the first one's ${Math.round(firstStartMs)}`,
    failures,
  );
}

/** Proves every address whose registration was acknowledged. @returns how many */
async function proveAll(url: string, ledger: Ledger, mailbox: Mailbox): Promise<number> {
  for (const account of ledger.accounts) if (account.doubt) await verifyAccount(url, ledger, account, mailbox);
  // One that was in flight at a kill waits for half a minute or more.
  await mailbox.makeDue();
  while ((await mailbox.countOwed()) > 0) await setTimeout(BETWEEN_LOOKS_MS);
  const asked = ledger.accounts.filter(({ state }) => state === 'asked');
  for (const account of asked) {
    const operation = { kind: 'prove', token: (await mailbox.findToken(account.email)) ?? '' } as const;
    const answer = await ask({ url, control: '' }, account, operation);
    if (answer.status === 200) ledger.acknowledge(account, operation, answer);
    else ledger.surprise(`${account.email}: the proof was answered ${answer.status} ${answer.text}`);
  }
  return asked.length;
}
