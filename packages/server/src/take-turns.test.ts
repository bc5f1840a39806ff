import { once } from 'node:events';
import { type AddressInfo, connect } from 'node:net';
import { createGate } from '@authsvc/core/testing';
import fastify, { type FastifyInstance } from 'fastify';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { takeTurn } from './take-turns.ts';

/** Of a client that sends on without waiting for an answer. */
const REQUESTS = 5000;
/** Node takes 64 KiB at once from a connection, and a request of this test is of 27 bytes and more. */
const AT_ONCE = 65_536 / 27;

const count = (text: string, word: string) => text.split(word).length - 1;

describe('takeTurn', () => {
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
    server.addHook('onRequest', ({ raw }, reply, done) => takeTurn(raw, reply.raw, done));
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
    await Promise.all([accepted, once(client, 'connect')]);
    return client.setEncoding('latin1');
  }

  it('begins with a request once the one before it on the connection is answered', async () => {
    const gate = createGate();
    const both = createGate();
    server.server.on('request', () => arrived === 2 && both.open());
    server.get('/first', () => gate.opened.then(() => `first, with ${begun.join()} begun`));
    server.get('/second', async () => 'second');
    const client = await open();
    client.write('GET /first HTTP/1.1\r\nHost: x\r\n\r\nGET /second HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
    await both.opened;
    gate.open();
    let text = '';
    for await (const chunk of client) text += chunk;
    expect([count(text, 'first, with /first begun'), count(text, 'second')]).toEqual([1, 1]);
  });

  it('reads nothing more from a connection while a request waits on it, and then all that was sent', async () => {
    const gate = createGate();
    let paused: Promise<unknown> | undefined;
    server.server.on('connection', (socket) => {
      paused = once(socket, 'pause');
    });
    server.get('/', async () => {
      await gate.opened;
      return 'answered';
    });
    const client = await open();
    const requests = `${'GET / HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(REQUESTS - 1)}GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`;
    client.write(requests);
    await paused;
    expect(arrived).toBeLessThan(AT_ONCE + 1);
    gate.open();
    let text = '';
    for await (const chunk of client) text += chunk;
    expect(count(text, 'answered')).toBe(REQUESTS);
  });
});
