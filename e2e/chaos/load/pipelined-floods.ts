import { fork } from 'node:child_process';
import { join } from 'node:path';
import { setInterval as every } from 'node:timers/promises';
import { send } from '../../support/http-client.mjs';
import { root } from '../../support/program.ts';
import type { Row } from '../row.ts';
import { cannotRun, judge } from '../run-row.ts';
import { openSession } from './accounts.ts';
import { residentMb, tellsHoldings } from './figures.ts';
import { servedWithin, startSteadyLoad } from './steady-load.ts';

/** What a connection sends, as much as Node reads at once. */
const BYTES = 65_536;
/** Beyond what the service holds when idle, in MB. */
const MEMORY_MB = 150;
const HEAP_MB = 512;
const SAMPLE_MS = 100;
const GIVE_UP_MS = 60_000;

const flooder = join(root, 'e2e', 'chaos', 'load', 'pipelined-flood.mjs');

/** Requests in pieces, sent one after the other with a pause in between. */
interface Shape {
  readonly name: string;
  readonly pieces: readonly string[];
  readonly pauseMs: number;
}

type Report = readonly { readonly open: number; readonly closed: number }[];

export const pipelinedFloodsRow: Row<'connections' | 'per-second' | 'others-p99'> = {
  name: 'pipelined-floods',
  fault: 'Pipelined floods',
  dialects: ['sqlite'],
  // Connections, how many begin a second, and milliseconds; those of the small run leave room for a
  // machine that is busy with other tests.
  sizes: {
    small: { connections: 100, 'per-second': 100, 'others-p99': 5000 },
    full: { connections: 900, 'per-second': 300, 'others-p99': 500 },
  },
  async run({ size, serve, onEnd }) {
    if (!(await tellsHoldings())) return cannotRun('this system has no /proc, which tells what the service holds');
    const daemon = await serve({ NODE_OPTIONS: `--max-old-space-size=${HEAP_MB}` });
    const session = await openSession(daemon.url, 'ada@example.com');
    const idleMb = await residentMb(daemon.pid);
    const others = startSteadyLoad(20, (turn) =>
      send(daemon.url, turn % 2 === 0 ? 'GET /profile' : 'GET /health', { session }),
    );

    const { hostname: host, port, host: authority } = new URL(daemon.url);
    const shapes = shapesFor(authority);
    const child = fork(flooder, { execArgv: [] });
    onEnd(() => child.kill('SIGKILL'));
    let report: Report = [];
    child.on('message', (message) => {
      report = message as Report;
    });
    child.send({ host, port: Number(port), connections: size.connections, perSecond: size['per-second'], shapes });

    let peakMb = idleMb;
    const startedAt = performance.now();
    for await (const _ of every(SAMPLE_MS)) {
      peakMb = Math.max(peakMb, await residentMb(daemon.pid));
      const closed = report.reduce((sum, one) => sum + one.closed, 0);
      if (closed === size.connections || performance.now() - startedAt > GIVE_UP_MS) break;
    }
    const meanwhile = await others.stop();
    const seconds = (performance.now() - startedAt) / 1000;
    const { status } = await send(daemon.url, 'GET /profile', { session });

    const uncut = shapes.map(({ name }, index) => ({ name, ...(report[index] ?? { open: 0, closed: 0 }) }));
    return judge(
      `${BYTES / 1024} KiB of requests on each connection and no answer read: ${shapes.map(({ name }) => name).join('; ')}`,
      size.connections,
      `all cut after ${seconds.toFixed(1)} s; ${idleMb.toFixed(0)} MB idle, ${peakMb.toFixed(0)} at most, with a heap of ${HEAP_MB} MB; ` +
        `${meanwhile.sent} requests of others, p99 ${meanwhile.p99Ms.toFixed(0)} ms, slowest ${meanwhile.slowestMs.toFixed(0)} ms`,
      [
        ...uncut.flatMap(({ name, open, closed }) =>
          open > 0 && open === closed ? [] : [`of ${open} with ${name}, ${closed} were cut`],
        ),
        !(peakMb - idleMb <= MEMORY_MB) && `memory grew by ${(peakMb - idleMb).toFixed(0)} MB`,
        status !== 200 && `answered ${status} after it`,
        ...servedWithin(meanwhile, size['others-p99']),
      ],
    );
  },
};

function shapesFor(host: string): readonly Shape[] {
  const request = (line: string, own = host, headers = '') => `${line} HTTP/1.1\r\nHost: ${own}\r\n${headers}\r\n`;
  const post = (path: string, body: string) =>
    `${request(`POST ${path}`, host, `Content-Type: application/json\r\nContent-Length: ${body.length}\r\n`)}${body}`;
  const login = post('/sessions', '{"email":"ada@example.com","password":"not it at all"}');
  const get = request('GET /');
  const mixed = [
    post('/users', `{"email":"${'x'.repeat(500)}"}`),
    request('HEAD /health'),
    request('GET /nothing'),
    request('GET /%zz'),
    request('GET /', 'evil.example'),
    request('GET /', host, 'Expect: a miracle\r\n'),
    request('PATCH /users'),
    login,
  ].join('');
  const trickled = fill('', get);
  const manyHeaders = Array.from({ length: 1900 }, (_, index) => `${index.toString(36)}:\r\n`).join('');
  return [
    { name: 'GET / behind ten logins', pieces: [fill(login.repeat(10), get)], pauseMs: 0 },
    {
      name: 'GET / alone, in pieces that end within a request',
      pieces: trickled.match(/.{1,4099}/gs) ?? [],
      pauseMs: 20,
    },
    {
      name: 'bodies, HEAD, 404, 405, wrong hosts, paths and expectations behind a login',
      pieces: [fill(login, mixed)],
      pauseMs: 0,
    },
    {
      name: 'as many headers as fit behind a login',
      pieces: [fill(login, request('GET /', host, manyHeaders))],
      pauseMs: 0,
    },
  ];
}

function fill(first: string, more: string): string {
  return first + more.repeat(Math.ceil((BYTES - first.length) / more.length));
}
