import { queryPostgres } from '../../../test/postgres-query.ts';
import { startPostgresServer } from '../../../test/postgres-server.ts';
import { startDaemon } from '../../support/daemon.ts';
import { send } from '../../support/http-client.ts';
import { type Account, type Doors, requestFor } from '../ledger/account.ts';
import { checkDatabase } from '../ledger/check-database.ts';
import { createLedger, type Ledger } from '../ledger/ledger.ts';
import { People } from '../ledger/mixed-load.ts';
import { verifyAccount } from '../ledger/verify.ts';
import { controlSocket } from '../load/import-accounts.ts';
import type { Row } from '../row.ts';
import { judge } from '../run-row.ts';

export const postgresGoneRow: Row<'outages' | 'requests' | 'answer-ms'> = {
  name: 'postgres-gone',
  fault: 'Database server gone and back',
  dialects: ['postgres'],
  // The limit is judged in full, on a machine that has nothing else to do.
  sizes: {
    small: { outages: 1, requests: 5, 'answer-ms': 10_000 },
    full: { outages: 10, requests: 100, 'answer-ms': 1000 },
  },
  async run({ size, folder, onEnd }) {
    const server = await startPostgresServer();
    onEnd(server.remove);
    const daemon = await startDaemon({ home: folder, settings: { AUTHSVC_DATABASE_URL: server.url } });
    onEnd(() => daemon.stop());
    const { url, pid } = daemon;
    const doors = { url, control: controlSocket(daemon) };
    const ledger = createLedger();
    const people = new People(ledger, 4);
    const failures: string[] = [];
    const account = await logInTwice(doors, ledger);
    const [session = '', other = ''] = account.live;
    let unavailable = 0;
    let slowestMs = 0;
    let slowestReturnMs = 0;
    for (let outage = 0; outage < size.outages; outage += 1) {
      // It goes in the middle of transactions.
      const load = people.write(doors);
      await load.acknowledged(10);
      await server.stop();
      await load.stop();
      const requests: ReturnType<typeof requestFor>[] = [
        ['GET /profile', { session }],
        ['GET /ready', {}],
        requestFor(account, { kind: 'log-in' }, doors),
        requestFor(account, { kind: 'log-out', session: other }, doors),
      ];
      for (let number = 0; number < size.requests; number += 1) {
        const [target, options] = requests[number % requests.length] ?? ['GET /ready', {}];
        const started = performance.now();
        const { status, body } = await send(url, target, options);
        slowestMs = Math.max(slowestMs, performance.now() - started);
        if ((body as { code?: string }).code === 'database_unavailable') unavailable += 1;
        else failures.push(`${target} was answered ${status} while there was no database`);
      }
      const { status } = await send(url, 'GET /health');
      if (status !== 200) failures.push(`/health was answered ${status} while there was no database`);

      await server.start();
      const back = performance.now();
      while ((await send(url, 'GET /profile', { session })).status !== 200);
      slowestReturnMs = Math.max(slowestReturnMs, performance.now() - back);
      await Promise.all(ledger.accounts.filter(({ doubt }) => doubt).map((one) => verifyAccount(url, ledger, one)));
    }
    for (const one of ledger.accounts) await verifyAccount(url, ledger, one);
    const database = { settings: {}, query: (sql: string) => queryPostgres(server.url, sql) };
    await checkDatabase(database, 'postgres', ledger);
    if (slowestMs > size['answer-ms']) failures.push(`an answer took ${Math.round(slowestMs)} ms`);
    return judge(
      `stopped PostgreSQL under a mixed load of writes, asked ${size.requests} times, and started it again`,
      size.outages,
      `${unavailable} × 503 database_unavailable, slowest ${Math.round(slowestMs)} ms; served again ${Math.round(slowestReturnMs)} ms after it was back, by the same process (${pid}); ${ledger.acknowledged()} writes acknowledged, ${ledger.doubted()} not, ${ledger.surprises.length} lost or half done`,
      [...failures, ...ledger.surprises],
    );
  },
};

/** Somebody who is logged in twice, and writes to nobody else's account. */
async function logInTwice(doors: Doors, ledger: Ledger): Promise<Account> {
  const account = ledger.open();
  for (const kind of ['register', 'log-in', 'log-in'] as const) {
    const [target, options] = requestFor(account, { kind }, doors);
    ledger.acknowledge(account, { kind }, await send(doors.url, target, options));
  }
  return account;
}
