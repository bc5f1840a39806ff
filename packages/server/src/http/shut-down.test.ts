import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { createGate, type Gate } from '@authsvc/core/testing';
import fastify, { type FastifyInstance } from 'fastify';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { prepareShutDown, type ShutDownOptions } from './shut-down.ts';

describe('prepareShutDown', () => {
  let server: FastifyInstance;
  let gate: Gate;
  let arrived: Gate;
  let sockets: Socket[];

  beforeEach(() => {
    sockets = [];
    gate = createGate();
    arrived = createGate();
    server = fastify();
    server.get('/', async () => 'at once');
    server.get('/slow', async () => {
      arrived.open();
      await gate.opened;
      return 'late';
    });
  });
  afterEach(() => {
    for (const socket of sockets) socket.destroy();
  });

  const port = () => (server.server.address() as AddressInfo).port;

  async function listen(graceMs: number, options: Partial<ShutDownOptions> = {}) {
    const shutDown = prepareShutDown(server, { graceMs, ...options });
    await server.listen({ host: '127.0.0.1', port: 0 });
    return shutDown;
  }

  async function open(text?: string): Promise<Socket> {
    const accepted = once(server.server, 'connection');
    const socket = connect(port(), '127.0.0.1');
    sockets.push(socket);
    await Promise.all([once(socket, 'connect'), accepted]);
    if (text) socket.write(text);
    return socket;
  }

  function get(path: string, agent: Agent): Promise<string> {
    return new Promise((resolve, reject) => {
      const sent = request({ host: '127.0.0.1', port: port(), path, agent }, (response) => {
        let body = '';
        response.setEncoding('utf8').on('data', (chunk) => {
          body += chunk;
        });
        response.on('end', () => resolve(body));
      });
      sent.on('error', reject).end();
    });
  }

  it('answers what is in flight, accepts nothing new, and then ends at once', async () => {
    const shutDown = await listen(60_000);
    const agent = new Agent({ keepAlive: true });
    const answered = get('/slow', agent);
    await arrived.opened;
    const address = port();
    const closed = shutDown();
    const late = connect(address, '127.0.0.1');
    const [error] = await once(late, 'error');
    expect(error.code).toBe('ECONNREFUSED');
    gate.open();
    expect(await answered).toBe('late');
    await closed;
    agent.destroy();
  });

  it('closes connections that are idle, and those that never said a word', async () => {
    const shutDown = await listen(60_000);
    const agent = new Agent({ keepAlive: true });
    expect(await get('/', agent)).toBe('at once');
    const silent = await open();
    const gone = once(silent, 'close');
    await shutDown();
    await gone;
    agent.destroy();
  });

  it('asks for an answer what is still in flight when time runs short', async () => {
    const shutDown = await listen(60_000, { hurryAfterMs: 1, hurry: () => gate.open() });
    const agent = new Agent();
    const answered = get('/slow', agent);
    await arrived.opened;
    await shutDown();
    expect(await answered).toBe('late');
  });

  it('cuts what is stuck once the grace is over', async () => {
    const shutDown = await listen(1);
    const accepted = once(server.server, 'request');
    const stuck = await open(
      'POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{',
    );
    await accepted;
    const gone = once(stuck, 'close');
    await shutDown();
    await gone;
  });
});
