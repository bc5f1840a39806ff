import { once } from 'node:events';
import { type AddressInfo, connect } from 'node:net';
import { createGate } from '@authsvc/core/testing';
import fastify, { type FastifyInstance } from 'fastify';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { limitWaiting, MOST_WAITING, takeTurn } from './connection-limits.ts';

const count = (text: string, word: string) => text.split(word).length - 1;
const get = (path: string, header = '') => `GET ${path} HTTP/1.1\r\nHost: x\r\n${header}\r\n`;
const LAST = 'Connection: close\r\n';

let server: FastifyInstance;
let arrived: number;
let begun: string[];

beforeEach(() => {
  arrived = 0;
  begun = [];
  server = fastify();
  server.server.on('request', () => {
    arrived += 1;
  });
  server.addHook('onRequest', (_request, reply, done) => takeTurn(reply.raw, done));
  server.addHook('onRequest', (request, _reply, done) => {
    begun.push(request.url);
    done();
  });
});
afterEach(() => server.close());

async function open() {
  await server.listen({ host: '127.0.0.1', port: 0 });
  const accepted = once(server.server, 'connection');
  const client = connect((server.server.address() as AddressInfo).port, '127.0.0.1');
  const [[socket]] = await Promise.all([accepted, once(client, 'connect')]);
  return { client: client.setEncoding('latin1').on('error', () => undefined), socket };
}

describe('takeTurn', () => {
  it('begins with a request once the one before it on the connection is answered', async () => {
    const gate = createGate();
    const both = createGate();
    server.server.on('request', () => arrived === 2 && both.open());
    server.get('/first', () => gate.opened.then(() => `first, with ${begun.join()} begun`));
    server.get('/second', async () => 'second');
    const { client } = await open();
    client.write(get('/first') + get('/second', LAST));
    await both.opened;
    gate.open();
    let text = '';
    for await (const chunk of client) text += chunk;
    expect([count(text, 'first, with /first begun'), count(text, 'second')]).toEqual([1, 1]);
  });
});

describe('limitWaiting', () => {
  beforeEach(() => limitWaiting(server.server));

  it('lets as many requests as are allowed wait, again and again on one connection, and all are answered in order', async () => {
    server.get('/:turn', async (request) => `[${(request.params as { turn: string }).turn}]`);
    const { client } = await open();
    const turns = ['first', 'second', 'third'].flatMap((round) =>
      Array.from({ length: MOST_WAITING + 1 }, (_, index) => `${round}${index}`),
    );
    let text = '';
    client.on('data', (chunk: string) => {
      text += chunk;
    });
    while (turns.length > 0) {
      const now = turns.splice(0, MOST_WAITING + 1);
      client.write(now.map((turn) => get(`/${turn}`, turns.length === 0 && turn === now.at(-1) ? LAST : '')).join(''));
      while (!text.includes(`[${now.at(-1)}]`)) await once(client, 'data');
    }
    expect([...text.matchAll(/\[(\w+)\]/g)].map(([, turn]) => turn)).toEqual(begun.map((url) => url.slice(1)));
    expect(begun).toHaveLength(3 * (MOST_WAITING + 1));
  });

  it('destroys a connection on which one more waits, without an answer', async () => {
    server.get('/', () => new Promise(() => undefined));
    const { client } = await open();
    client.write(get('/').repeat(MOST_WAITING + 2));
    client.resume();
    await once(client, 'close');
    expect(client.bytesRead).toBe(0);
  });

  it('has nothing more parsed of what such a connection sent', async () => {
    server.get('/', async () => 'answered');
    const { client, socket } = await open();
    const closed = once(socket, 'close');
    // In one chunk, as Node reads 64 KiB at once.
    client.end(get('/').repeat(2000));
    await closed;
    expect(arrived).toBe(MOST_WAITING + 2);
  });
});
