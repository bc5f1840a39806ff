import { mkdir, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { send } from '../../support/http-client.mjs';
import { setUpMachine } from '../../support/machine.ts';
import { ask, type Doors, type Operation } from '../account.ts';
import { makeDatabase } from '../database.ts';
import type { LedgerAccount } from '../ledger/account.ts';
import { checkDatabase } from '../ledger/check-database.ts';
import { createLedger, type Ledger } from '../ledger/ledger.ts';
import { People } from '../ledger/mixed-load.ts';
import { verifyAccount } from '../ledger/verify.ts';
import type { Row } from '../row.ts';
import { cannotRun, judge } from '../run-row.ts';
import { mountSmallDisk, smallDiskObstacle } from '../small-disk.ts';

const DISK_BYTES = 33_554_432;
const MOST_TRIES_FOR_EACH = 20;
/** The kinds of writes that are sent in turn, a registration among them. */
const KINDS = 9;

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
    // The log file is on the same disk; at this size it is rotated often while the disk is full.
    const settings = { AUTHSVC_LOG_FILE_MAX_BYTES: '4096' };
    const { url, pid } = await machine.start(settings);
    onEnd(machine.stop);
    const doors = { url, control: machine.socket };
    const database = await makeDatabase(dialect, folder);
    const ledger = createLedger();
    const people = new People(ledger, 4);
    const failures: string[] = [];
    let refused = 0;
    let taken = 0;
    let reads = 0;
    let roomAgain = 0;

    const write = async () => {
      const load = people.write(doors);
      await load.acknowledged(size.writes);
      await load.stop();
    };
    await write();
    // Those of the load may have a second factor by now, with which other answers are right.
    const account = ledger.open();
    for (const kind of ['register', 'log-in'] as const) {
      ledger.acknowledge(account, { kind }, await ask(doors, account, { kind }));
    }
    for (let filling = 0; filling < size.fillings; filling += 1) {
      await disk.fill();
      // A few writes may still succeed: they fit into space that the write-ahead log already has.
      let tries = 0;
      for (let full = 0; full < size.writes && tries < MOST_TRIES_FOR_EACH * size.writes; tries += 1) {
        const isRefused = await tryWrite(doors, ledger, tries);
        if (isRefused) full += 1;
        else taken += 1;
        refused += isRefused ? 1 : 0;
        for (const session of openSessions(ledger).slice(0, 4)) {
          const statuses = await Promise.all(
            ['GET /profile', 'GET /sessions', 'GET /health', 'GET /ready'].map((read) => send(url, read, { session })),
          );
          reads += statuses.filter(({ status }) => status === 200).length;
          if (statuses.some(({ status }) => status !== 200)) {
            failures.push(`reads were answered ${statuses.map(({ status }) => status).join()} on a full disk`);
          }
        }
      }
      if (tries === MOST_TRIES_FOR_EACH * size.writes) failures.push('the disk was hardly ever full');
      await disk.empty();
      const newcomer = ledger.open();
      const first = await ask(doors, newcomer, { kind: 'register' });
      if (first.status === 200) roomAgain += 1;
      else failures.push(`with room again, a registration was answered ${first.status}`);
      if (first.status === 200) ledger.acknowledge(newcomer, { kind: 'register' }, first);
      await write();
    }
    for (const account of ledger.accounts) await verifyAccount(url, ledger, account);
    await checkDatabase(database, dialect, ledger);
    if ((await machine.status()).pid !== pid) failures.push('the daemon is another one');

    await disk.fill();
    await machine.stop();
    const { url: newUrl } = await machine.start(settings);
    const [someone] = openSessions(ledger);
    const { status } = await send(newUrl, 'GET /profile', { session: someone });
    if (status !== 200) failures.push(`started again on the full disk, GET /profile was answered ${status}`);
    await disk.empty();
    const logs = await readdir(join(machine.dataFolder, 'logs'));
    const { size: errorBytes } = await stat(join(machine.dataFolder, 'logs', 'stderr.log'));
    if (errorBytes > 0) failures.push('the daemon said something beside its log');
    return judge(
      `filled the disk of database and log to the last byte, wrote until ${size.writes} were refused, made room, and wrote on; stopped and started it on the full disk`,
      size.fillings,
      `${refused} writes × 503 database_unavailable (and ${taken} × 200, for which there was room), ${reads} reads × 200 meanwhile; ${roomAgain} × 200 for the first write with room again; ${ledger.acknowledged()} writes acknowledged around it, ${ledger.surprises.length} lost or half done; ${logs.length} files of log`,
      [...failures, ...ledger.surprises],
    );
  },
};

/**
 * Sends a write on the full disk, of each kind in turn.
 *
 * @returns whether it was refused; then none of it may have happened.
 */
async function tryWrite(doors: Doors, ledger: Ledger, number: number): Promise<boolean> {
  const [account, operation] = nextWrite(ledger, number);
  const answer = await ask(doors, account, operation);
  if (answer.status === 200) {
    ledger.acknowledge(account, operation, answer);
    return false;
  }
  const { code } = answer;
  if (answer.status !== 503 || code !== 'database_unavailable') {
    ledger.surprise(`${operation.kind} was answered ${answer.status} ${code} on a full disk`);
  }
  return true;
}

function nextWrite(ledger: Ledger, number: number): [LedgerAccount, Operation] {
  const account = ledger.accounts.find(({ live, factor }) => live.size > 0 && factor === undefined);
  const [session] = account?.live ?? [];
  if (!account || session === undefined || number % KINDS === 0) {
    const newcomer = ledger.accounts.find(({ state }) => state === 'absent') ?? ledger.open();
    return [newcomer, { kind: 'register' }];
  }
  const operations: Operation[] = [
    { kind: 'log-in' },
    { kind: 'ask-reset' },
    { kind: 'log-out', session },
    { kind: 'change-password', session, newPassword: `changed on a full disk ${number}` },
    { kind: 'set-role', role: `role-${number}` },
    { kind: 'verify' },
    { kind: 'change-email', session, newEmail: `changed-on-a-full-disk-${number}@example.com` },
    { kind: 'delete', session },
  ];
  return [account, operations[(number % KINDS) - 1] ?? { kind: 'log-in' }];
}

function openSessions(ledger: Ledger): string[] {
  return ledger.accounts.flatMap(({ live }) => [...live]);
}
