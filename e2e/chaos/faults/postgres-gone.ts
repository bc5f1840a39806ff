import { queryPostgres } from '../../../test/postgres-query.ts';
import { startPostgresServer } from '../../../test/postgres-server.mjs';
import { send } from '../../support/http-client.mjs';
import { ask, type Doors } from '../account.ts';
import type { LedgerAccount } from '../ledger/account.ts';
import { checkDatabase } from '../ledger/check-database.ts';
import { createLedger, type Ledger } from '../ledger/ledger.ts';
import { People } from '../ledger/mixed-load.ts';
import { verifyAccount } from '../ledger/verify.ts';
import type { Row } from '../row.ts';
import { judge } from '../run-row.ts';

export const postgresGoneRow: Row<'outages' | 'requests' | 'answer-ms'> = {
  name: 'postgres-gone',
  fault: 'Database server gone and back',
  dialects: ['postgres'],
  // The real limit is that of the full run, on a machine that is otherwise idle.
  sizes: {
    small: { outages: 1, requests: 5, 'answer-ms': 10_000 },
    full: { outages: 10, requests: 100, 'answer-ms': 1000 },
  },
  async run({ size, serve, onEnd }) {
    const server = await startPostgresServer();
    onEnd(server.remove);
    const daemon = await serve({ AUTHSVC_DATABASE_URL: server.url });
    const { url, pid } = daemon;
    const ledger = createLedger();
    const people = new People(ledger, 4);
    const failures: string[] = [];
    const account = await logInTwice(daemon, ledger);
    const [session = '', other = ''] = account.live;
    let unavailable = 0;
    let slowestMs = 0;
    let slowestReturnMs = 0;
    for (let outage = 0; outage < size.outages; outage += 1) {
      // The server stops in the middle of transactions.
      const load = people.write(daemon);
      await load.acknowledged(10);
      await server.stop();
      await load.stop();
      const requests = Object.entries({
        'GET /profile': () => send(url, 'GET /profile', { session }),
        'GET /ready': () => send(url, 'GET /ready'),
        'log-in': () => ask(daemon, account, { kind: 'log-in' }),
        'log-out': () => ask(daemon, account, { kind: 'log-out', session: other }),
      });
      for (let number = 0; number < size.requests; number += 1) {
        const [name, request] = requests[number % requests.length] ?? [];
        const started = performance.now();
        const { status, code } = (await request?.()) ?? {};
        slowestMs = Math.max(slowestMs, performance.now() - started);
        if (code === 'database_unavailable') unavailable += 1;
        else failures.push(`${name} was answered ${status} while there was no database`);
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

/** Make an account that no load writes to, and log in to it twice. */
async function logInTwice(doors: Doors, ledger: Ledger): Promise<LedgerAccount> {
  const account = ledger.open();
  for (const kind of ['register', 'log-in', 'log-in'] as const) {
    ledger.acknowledge(account, { kind }, await ask(doors, account, { kind }));
  }
  return account;
}
