import { spawnSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { ask, type Operation } from '../account.ts';
import { apply, newAccount } from '../ledger/account.ts';
import type { Row } from '../row.ts';
import { cannotRun, judge } from '../run-row.ts';
import { readSyncTrace, straceArguments } from '../sync-trace.ts';

const BETWEEN_LOOKS_MS = 20;

export const fsyncRow: Row<'lives'> = {
  name: 'fsync',
  fault: 'Loss of power: an answer waits for the disk',
  dialects: ['sqlite'],
  sizes: { small: { lives: 1 }, full: { lives: 30 } },
  async run({ size, folder, serve }) {
    if (spawnSync('strace', ['-D', '-o', '/dev/null', 'true']).status !== 0) {
      return cannotRun('strace is not installed, or may not trace here (Debian: strace)');
    }
    const file = join(folder, 'trace');
    const daemon = await serve({}, straceArguments(file));
    let acknowledged = 0;
    const failures: string[] = [];
    for (let life = 0; life < size.lives; life += 1) {
      const account = newAccount(life);
      const write = async (operation: Operation) => {
        const answer = await ask(daemon, account, operation);
        if (answer.status === 200) acknowledged += 1;
        else failures.push(`${operation.kind} was answered ${answer.status}`);
        apply(account, operation, answer);
      };
      const session = () => [...account.live][0] ?? '';
      await write({ kind: 'register' });
      await write({ kind: 'log-in' });
      await write({ kind: 'log-out', session: session() });
      await write({ kind: 'log-in' });
      await write({ kind: 'change-password', session: session(), newPassword: 'changed to another' });
      await write({ kind: 'ask-reset' });
      await write({ kind: 'reset', token: account.tokens[0] ?? '', newPassword: 'reset to a third' });
      await write({ kind: 'log-in' });
      await write({ kind: 'set-role', role: 'admin' });
      await write({ kind: 'verify' });
      await write({ kind: 'change-email', session: session(), newEmail: `moved${life}@example.com` });
      await write({ kind: 'delete', session: session() });
    }
    await daemon.stop();
    const { answers, unsynced, syncs } = readSyncTrace(await readWhole(file, daemon.pid));
    if (answers !== acknowledged) failures.push(`${answers} answers in the trace, of ${acknowledged}`);
    if (unsynced > 0) failures.push(`${unsynced} answers left before what they acknowledge was on the disk`);
    if (syncs < acknowledged) failures.push(`only ${syncs} calls of fsync`);
    return judge(
      'each kind of write, one after another, under strace: whether fsync of the log ended between its last byte and the answer',
      acknowledged,
      `${acknowledged} writes acknowledged, ${syncs} calls of fsync finished, ${unsynced} answers before theirs`,
      failures,
    );
  },
};

/** The tracer ends a moment after what it traces. */
async function readWhole(file: string, pid: number): Promise<string> {
  const end = new RegExp(`^${pid} .*\\+\\+\\+ exited with`, 'm');
  for (;;) {
    const trace = await readFile(file, 'utf8');
    if (end.test(trace)) return trace;
    await setTimeout(BETWEEN_LOOKS_MS);
  }
}
