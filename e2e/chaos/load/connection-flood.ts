import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setInterval as every } from 'node:timers/promises';
import { send } from '../../support/http-client.mjs';
import { root } from '../../support/program.ts';
import type { Row } from '../row.ts';
import { cannotRun, judge } from '../run-row.ts';
import { openSession } from './accounts.ts';
import { type Holdings, holdingsOf, tellsHoldings } from './figures.ts';

/** The server's own limit. */
const CAP = 1000;
/** More sockets: the listener, the control socket, and any accepted at the very moment. */
const BESIDES = 10;
const CONNECTIONS_PER_PROCESS = 1250;
const SAMPLE_MS = 200;
/** What a thousand connections may cost, in MB; an idle one takes some 20 kB. */
const MEMORY_MB = 64;

const holder = join(root, 'e2e', 'chaos', 'load', 'idle-connections.mjs');

export const connectionFloodRow: Row<'connections' | 'seconds' | 'healthy-within'> = {
  name: 'connection-flood',
  fault: 'Connection flood',
  dialects: ['sqlite'],
  // Seconds; those of the small run leave room for a machine that is busy with other tests.
  sizes: {
    small: { connections: 1500, seconds: 2, 'healthy-within': 30 },
    full: { connections: 5000, seconds: 15, 'healthy-within': 5 },
  },
  async run({ size, serve, onEnd }) {
    if (!(await tellsHoldings())) return cannotRun('this system has no /proc, which tells what the service holds');
    const daemon = await serve();
    const session = await openSession(daemon.url, 'ada@example.com');
    const before = await holdingsOf(daemon.pid);

    const flood = await startFlood(daemon.url, size.connections, onEnd);
    const during: Holdings[] = [];
    const until = performance.now() + size.seconds * 1000;
    for await (const _ of every(SAMPLE_MS)) {
      during.push(await holdingsOf(daemon.pid));
      const isFull = during.some(({ sockets }) => sockets - before.sockets >= CAP);
      if (isFull && performance.now() >= until) break;
      if (performance.now() >= until + 30_000) break;
    }
    for (const child of flood) child.kill('SIGKILL');
    const isEmpty = async () => (await holdingsOf(daemon.pid)).sockets <= before.sockets + BESIDES;
    const healthySeconds = await secondsUntilHealthy(daemon.url, session, isEmpty, size['healthy-within']);
    const after = await holdingsOf(daemon.pid);

    const mostSockets = Math.max(...during.map(({ sockets }) => sockets)) - before.sockets;
    const peakMb = Math.max(...during.map(({ residentMb }) => residentMb));
    const figures = [before.residentMb, peakMb, after.residentMb].map((mb) => mb.toFixed(0));
    return judge(
      `kept idle connections open for ${size.seconds} s, each opened again once closed`,
      size.connections,
      `${mostSockets} open at most; ${figures[0]} MB before, ${figures[1]} at most, ${figures[2]} after; ` +
        `served again after ${healthySeconds?.toFixed(1) ?? '–'} s`,
      [
        !(mostSockets >= CAP) && `no more than ${mostSockets} were open, so the limit was not tried`,
        !(mostSockets <= CAP + BESIDES) && `${mostSockets} were open at once`,
        !(peakMb - before.residentMb <= MEMORY_MB) && `memory grew by ${(peakMb - before.residentMb).toFixed(0)} MB`,
        healthySeconds === undefined &&
          `not served again, or ${after.sockets - before.sockets} sockets still open, after ${size['healthy-within']} s`,
      ],
    );
  },
};

/**
 * Starts the processes that hold the connections, and waits until each has tried to open all of its
 * share.
 */
async function startFlood(url: string, count: number, onEnd: (work: () => unknown) => void): Promise<ChildProcess[]> {
  const { hostname, port } = new URL(url);
  const children: ChildProcess[] = [];
  for (let left = count; left > 0; left -= CONNECTIONS_PER_PROCESS) {
    const share = Math.min(left, CONNECTIONS_PER_PROCESS);
    const child = fork(holder, [hostname, port, String(share)], { execArgv: [] });
    onEnd(() => child.kill('SIGKILL'));
    children.push(child);
  }
  await Promise.all(children.map((child) => once(child, 'message')));
  return children;
}

/**
 * Waits until others are served, and no connection of the flood is left.
 *
 * @returns undefined when it takes longer than the limit
 */
async function secondsUntilHealthy(
  url: string,
  session: string,
  isEmpty: () => Promise<boolean>,
  limit: number,
): Promise<number | undefined> {
  const startedAt = performance.now();
  for await (const _ of every(50)) {
    const served = ['/health', '/profile', '/ready'].map((path) =>
      send(url, `GET ${path}`, { session }).then(
        ({ status }) => status === 200,
        () => false,
      ),
    );
    const seconds = (performance.now() - startedAt) / 1000;
    if ((await Promise.all(served)).every(Boolean) && (await isEmpty())) return (performance.now() - startedAt) / 1000;
    if (seconds >= limit) return undefined;
  }
  return undefined;
}
