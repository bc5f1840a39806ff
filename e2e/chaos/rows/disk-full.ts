import { mkdir, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type Answer, send } from '../../support/http-client.ts';
import { setUpMachine } from '../../support/machine.ts';
import { makeDatabase } from '../database.ts';
import { newAccount, type Operation, requestFor } from '../ledger/account.ts';
import { checkDatabase } from '../ledger/check-database.ts';
import { createLedger } from '../ledger/ledger.ts';
import { People } from '../ledger/mixed-load.ts';
import { verifyAccount } from '../ledger/verify.ts';
import type { Row } from '../row.ts';
import { cannotRun, judge } from '../run-row.ts';
import { mountSmallDisk, smallDiskObstacle } from '../small-disk.ts';

const DISK_BYTES = 8_388_608;

export const diskFullRow: Row<'fillings' | 'writes'> = {
  name: 'disk-full',
  fault: 'Disk full',
  dialects: ['sqlite'],
  sizes: { small: { fillings: 1, writes: 12 }, full: { fillings: 10, writes: 200 } },
  async run({ size, folder, dialect, onEnd }) {
    if (smallDiskObstacle !== undefined) return cannotRun(smallDiskObstacle);
    const machine = setUpMachine(folder);
    await mkdir(machine.dataFolder);
    const disk = mountSmallDisk(machine.dataFolder, DISK_BYTES);
    onEnd(disk.unmount);
    // The log lies on the same disk, and is set aside again and again while there is no room.
    const settings = { AUTHSVC_LOG_FILE_MAX_BYTES: '4096' };
    const { url, pid } = await machine.start(settings);
    onEnd(machine.stop);
    const database = await makeDatabase(dialect, folder);
    const ledger = createLedger();
    const people = new People(ledger, 4);
    const failures: string[] = [];
    let refused = 0;
    let reads = 0;
    let roomAgain = 0;

    const write = async () => {
      const load = people.write(url);
      await load.acknowledged(size.writes);
      await load.stop();
    };
    await write();
    for (let filling = 0; filling < size.fillings; filling += 1) {
      await disk.fill();
      for (let number = 0; number < size.writes; number += 1) {
        const [target, options] = requestFor(...nextWrite(people, number));
        const answer = await send(url, target, options);
        if (isUnavailable(answer)) refused += 1;
        else failures.push(`${target} was answered ${answer.status} on a full disk`);
        for (const account of people.accounts().filter(({ live }) => live.size > 0)) {
          const [session] = account.live;
          const statuses = await Promise.all(
            ['GET /profile', 'GET /sessions', 'GET /health', 'GET /ready'].map((read) => send(url, read, { session })),
          );
          reads += statuses.filter(({ status }) => status === 200).length;
          if (statuses.some(({ status }) => status !== 200)) {
            failures.push(`reads were answered ${statuses.map(({ status }) => status).join()} on a full disk`);
          }
        }
      }
      await disk.empty();
      const [target, options] = requestFor(ledger.open(), { kind: 'register' });
      const first = await send(url, target, options);
      if (first.status === 200) roomAgain += 1;
      else failures.push(`with room again, ${target} was answered ${first.status}`);
      const account = ledger.accounts.at(-1);
      if (account && first.status === 200) ledger.acknowledge(account, { kind: 'register' }, first);
      await write();
    }
    for (const account of ledger.accounts) await verifyAccount(url, ledger, account);
    await checkDatabase(database, dialect, ledger);
    if ((await machine.status()).pid !== pid) failures.push('the daemon is another one');

    await disk.fill();
    await machine.stop();
    const { url: newUrl } = await machine.start(settings);
    const [someone] = people.accounts().flatMap(({ live }) => [...live]);
    const { status } = await send(newUrl, 'GET /profile', { session: someone });
    if (status !== 200) failures.push(`started again on the full disk, GET /profile was answered ${status}`);
    await disk.empty();
    const logs = await readdir(join(machine.dataFolder, 'logs'));
    const { size: errorBytes } = await stat(join(machine.dataFolder, 'logs', 'stderr.log'));
    if (errorBytes > 0) failures.push('the daemon said something beside its log');
    return judge(
      `filled the disk of database and log to the last byte, wrote ${size.writes} times, made room, and wrote on; stopped and started it on the full disk`,
      size.fillings,
      `${refused} writes × 503 database_unavailable, ${reads} reads × 200 meanwhile; ${roomAgain} × 200 for the first write with room again; ${ledger.acknowledged()} writes acknowledged around it, ${ledger.surprises.length} lost or half done; ${logs.length} files of log`,
      [...failures, ...ledger.surprises],
    );
  },
};

/** Every kind of write in turn; those that need a session of somebody who has one. */
function nextWrite(people: People, number: number): [ReturnType<typeof newAccount>, Operation] {
  const account = people.accounts().find(({ live }) => live.size > 0);
  const [session] = account?.live ?? [];
  if (!account || session === undefined) return [newAccount(1_000_000 + number), { kind: 'register' }];
  const newPassword = 'never to be set by this';
  const operations: [ReturnType<typeof newAccount>, Operation][] = [
    [newAccount(1_000_000 + number), { kind: 'register' }],
    [account, { kind: 'log-in' }],
    [account, { kind: 'log-out', session }],
    [account, { kind: 'ask-reset' }],
    [account, { kind: 'change-password', session, newPassword }],
    [account, { kind: 'delete', session }],
  ];
  return operations[number % operations.length] ?? operations[0] ?? [account, { kind: 'log-in' }];
}

function isUnavailable({ status, body }: Answer): boolean {
  return status === 503 && (body as { code?: string }).code === 'database_unavailable';
}
