import { once } from 'node:events';
import { type AddressInfo, connect, type Socket } from 'node:net';
import fastify, { type FastifyInstance } from 'fastify';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { closeUnread } from './connection-limits.ts';

/** More than any system keeps for a connection. */
const LARGE = 32 * 1024 * 1024;

describe('closeUnread', () => {
  let server: FastifyInstance;
  let client: Socket;

  beforeEach(async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'performance'] });
    server = fastify();
    closeUnread(server, { unreadTimeout: 10_000, checkInterval: 1000 });
    server.get('/large', async () => 'x'.repeat(LARGE));
    server.get('/small', async () => 'small');
    await server.listen({ host: '127.0.0.1', port: 0 });
  });
  afterEach(async () => {
    vi.useRealTimers();
    client.destroy();
    await server.close();
  });

  /** @returns the server's end of a connection, once the client receives the answer. */
  const ask = async (path: string) => {
    const accepted = once(server.server, 'connection');
    client = connect((server.server.address() as AddressInfo).port, '127.0.0.1');
    client.write(`GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`);
    const [[socket]] = await Promise.all([accepted, once(client, 'data')]);
    return socket as Socket;
  };

  it('closes a connection whose client leaves an answer unread for as long as is allowed', async () => {
    const socket = await ask('/large');
    client.pause();
    vi.advanceTimersByTime(10_000);
    expect(socket.destroyed).toBe(false);
    vi.advanceTimersByTime(1000);
    expect(socket.destroyed).toBe(true);
  });

  it('leaves one alone whose answers are taken', async () => {
    const socket = await ask('/small');
    vi.advanceTimersByTime(60_000);
    expect(socket.destroyed).toBe(false);
  });
});
