import { connect, type Socket } from 'node:net';
import { setInterval as every } from 'node:timers/promises';
import { send } from '../../support/http-client.mjs';
import type { Row } from '../row.ts';
import { judge } from '../run-row.ts';
import { openSession } from './accounts.ts';
import { servedWithin, startSteadyLoad } from './steady-load.ts';

/** A connection that is not closed by then is given up. */
const GIVE_UP_MS = 40_000;
/** More answers, of 48 kB each, than the system buffers for a connection. */
const MORE_THAN_FITS = 120;
/** Not all at once: a connection with too many waiting requests is closed for that reason. */
const ASK_EVERY_MS = 20;
/** Clients arrive one after another: this row is about slowness, not about a rush. */
const ARRIVE_EVERY_MS = 4;

interface Host {
  readonly address: string;
  readonly port: number;
}

/** What each kind of slow client does once it is connected. */
const kinds: Readonly<Record<string, (socket: Socket, host: string) => void>> = {
  'headers half sent': (socket, host) => socket.write(`GET /health HTTP/1.1\r\nHost: ${host}\r\nX-Half: `),
  'body half sent': (socket, host) => socket.write(`${postHead(host)}{"email":"a`),
  'headers a byte a second': (socket, host) => drip(socket, `GET /health HTTP/1.1\r\nHost: ${host}\r\nX-Slow: `),
  'body a byte a second': (socket, host) => {
    socket.write(postHead(host));
    drip(socket, '{"email":"');
  },
  'answers never read': (socket, host) => {
    socket.pause();
    const request = `GET /openapi.json HTTP/1.1\r\nHost: ${host}\r\n\r\n`;
    let asked = 0;
    const timer = setInterval(() => {
      socket.write(request);
      asked += 1;
      if (asked < MORE_THAN_FITS) return;
      clearInterval(timer);
      // A client that reads nothing notices only by writing that the other end has gone.
      repeatedly(socket, () => socket.write(request));
    }, ASK_EVERY_MS);
    socket.once('close', () => clearInterval(timer));
  },
};

/** What one client in a hundred does: it would fill the memory of a service that keeps reading. */
const flood = 'requests without end, and answers never read';

function sendWithoutEnd(socket: Socket, host: string): void {
  socket.pause();
  const requests = `GET /profile HTTP/1.1\r\nHost: ${host}\r\n\r\n`.repeat(20);
  const sendOn = () => {
    while (socket.write(requests));
  };
  socket.on('drain', sendOn);
  sendOn();
}

export const slowClientsRow: Row<'clients' | 'closed-within' | 'others-p99'> = {
  name: 'slow-clients',
  fault: 'Slow clients',
  dialects: ['sqlite'],
  // Seconds and milliseconds; those of the small run leave room for a machine that is busy with
  // other tests.
  sizes: {
    small: { clients: 50, 'closed-within': 30, 'others-p99': 5000 },
    full: { clients: 500, 'closed-within': 12, 'others-p99': 500 },
  },
  async run({ size, serve }) {
    const daemon = await serve();
    const session = await openSession(daemon.url, 'ada@example.com');
    const { hostname: address, port } = new URL(daemon.url);
    const host = { address, port: Number(port) };

    const others = startSteadyLoad(20, (turn) =>
      send(daemon.url, turn % 2 === 0 ? 'GET /profile' : 'GET /health', { session }),
    );
    const names = Object.keys(kinds);
    const clients: Promise<{ kind: string; seconds: number }>[] = [];
    for await (const _ of every(ARRIVE_EVERY_MS)) {
      const index = clients.length;
      clients.push(beSlow(host, index % 100 === 99 ? flood : (names[index % names.length] ?? '')));
      if (clients.length === size.clients) break;
    }
    const ends = await Promise.all(clients);
    const meanwhile = await others.stop();

    const slowest = Math.max(...ends.map(({ seconds }) => seconds));
    const late = ends.filter(({ seconds }) => seconds > size['closed-within']);
    const failures = [...names, flood].flatMap((name) => {
      const count = late.filter(({ kind }) => kind === name).length;
      return count === 0 ? [] : [`${count} with ${name} were open for more than ${size['closed-within']} s`];
    });
    return judge(
      `slow clients at once: ${names.join(', ')}, and in one of a hundred ${flood}`,
      size.clients,
      `${ends.length - late.length} closed, the last after ${slowest.toFixed(1)} s; ` +
        `${meanwhile.sent} requests of others, p99 ${meanwhile.p99Ms.toFixed(0)} ms, slowest ${meanwhile.slowestMs.toFixed(0)} ms`,
      [...failures, ...servedWithin(meanwhile, size['others-p99'])],
    );
  },
};

/**
 * Resolves with the seconds from the client's last progress until its connection was closed; if it
 * had to be given up, from the beginning.
 */
function beSlow({ address, port }: Host, kind: string): Promise<{ kind: string; seconds: number }> {
  return new Promise((resolve) => {
    const begunAt = performance.now();
    let haltedAt = begunAt;
    const socket = connect(port, address, () => (kinds[kind] ?? sendWithoutEnd)(socket, `${address}:${port}`));
    const giveUp = setTimeout(() => {
      haltedAt = begunAt;
      socket.destroy();
    }, GIVE_UP_MS);
    // As long as the server reads on, and the system buffers its answers, it is not slow yet.
    socket.on('drain', () => {
      haltedAt = performance.now();
    });
    // It may be closed in any way.
    socket.on('error', () => undefined).resume();
    socket.once('close', () => {
      clearTimeout(giveUp);
      resolve({ kind, seconds: (performance.now() - haltedAt) / 1000 });
    });
  });
}

function postHead(host: string): string {
  return `POST /sessions HTTP/1.1\r\nHost: ${host}\r\nContent-Type: application/json\r\nContent-Length: 200\r\n\r\n`;
}

/** Sends the text, and then a letter for ever, a byte a second. */
function drip(socket: Socket, text: string): void {
  let sent = 0;
  repeatedly(socket, () => socket.write(text[sent++] ?? 'x'));
}

function repeatedly(socket: Socket, act: () => void): void {
  const timer = setInterval(act, 1000);
  socket.once('close', () => clearInterval(timer));
}
