import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { send } from '../../support/http-client.mjs';
import { root } from '../../support/program.ts';
import type { Row } from '../row.ts';
import { judge } from '../run-row.ts';

/** Take the write lock, and print that; on any input release it, and print that. */
const holder = `
  const { Database } = require('sqlite3');
  const database = new Database(process.argv[1]);
  const run = (sql, say) => database.exec(sql, (error) => { if (error) throw error; console.log(say); });
  run('begin immediate; create table held (a)', 'held');
  process.stdin.once('data', () => { run('rollback', 'released'); process.stdin.destroy(); });`;

export const lockedRow: Row<'seconds' | 'writers' | 'answer-ms' | 'return-ms'> = {
  name: 'locked',
  fault: 'Another process holds the write lock',
  dialects: ['sqlite'],
  // The real limits are those of the full run, on a machine that is otherwise idle.
  sizes: {
    small: { seconds: 3, writers: 4, 'answer-ms': 10_000, 'return-ms': 5000 },
    full: { seconds: 10, writers: 8, 'answer-ms': 2000, 'return-ms': 1000 },
  },
  async run({ size, serve, onEnd }) {
    const daemon = await serve();
    const call = async (target: string, options: Parameters<typeof send>[2] = {}) => {
      const started = performance.now();
      const { status, code, session } = await send(daemon.url, target, options);
      return { status, code, session, ms: performance.now() - started };
    };
    const credentials = { email: 'ada@example.com', password: 'correct horse battery' };
    await call('POST /users', { json: credentials });
    const { session } = await call('POST /sessions', { json: credentials });
    const { session: leaving } = await call('POST /sessions', { json: credentials });
    const askForToken = () => call('POST /reset_password', { json: { email: credentials.email } });
    const logOut = () => call('DELETE /sessions', { session: leaving });

    const file = join(daemon.dataFolder, 'authsvc.db');
    const other = spawn(process.execPath, ['-e', holder, file], { cwd: join(root, 'packages', 'core') });
    onEnd(() => other.kill('SIGKILL'));
    const said = createInterface({ input: other.stdout });
    await once(said, 'line');

    const failures: string[] = [];
    const heldUntil = performance.now() + size.seconds * 1000;
    const isHeld = () => performance.now() < heldUntil;
    const writesMs: number[] = [];
    const readsMs: number[] = [];
    let unavailable = 0;
    let served = 0;
    const writers = Array.from({ length: size.writers }, async (_, writer) => {
      for (let number = 0; isHeld(); number += 1) {
        // Requests without hashing, so that they wait for nothing but the lock.
        const write = (writer + number) % 2 === 0 ? askForToken : logOut;
        const { status, code, ms } = await write();
        writesMs.push(ms);
        if (code === 'database_unavailable') unavailable += 1;
        else failures.push(`a write was answered ${status} ${code}`);
      }
    });
    const reader = async () => {
      while (isHeld()) {
        for (const target of ['GET /health', 'GET /profile', 'GET /sessions']) {
          const { status, ms } = await call(target, { session });
          readsMs.push(ms);
          if (status === 200) served += 1;
          else failures.push(`${target} was answered ${status}`);
        }
      }
    };
    await Promise.all([...writers, reader()]);
    other.stdin.write('release\n');
    await once(said, 'line');
    const released = performance.now();
    while ((await askForToken()).status !== 200);
    const returnMs = performance.now() - released;

    const [slowestWrite, slowestRead] = [Math.max(...writesMs), Math.max(...readsMs)];
    if (slowestWrite > size['answer-ms']) failures.push(`a write was answered after ${Math.round(slowestWrite)} ms`);
    if (slowestRead > size['answer-ms']) failures.push(`a read was answered after ${Math.round(slowestRead)} ms`);
    if (returnMs > size['return-ms'])
      failures.push(`the first write took ${Math.round(returnMs)} ms after the release`);
    return judge(
      `another process held the write lock for ${size.seconds} s, while ${size.writers} people wrote and one read`,
      writesMs.length,
      `${unavailable} of ${writesMs.length} writes × 503 database_unavailable, slowest ${Math.round(slowestWrite)} ms; ${served} of ${readsMs.length} × 200 of /health, /profile and /sessions, slowest ${Math.round(slowestRead)} ms; a write again ${Math.round(returnMs)} ms after the release`,
      failures,
    );
  },
};
