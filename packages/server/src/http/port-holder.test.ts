import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { describe, expect, it } from 'vitest';
import { findPortHolder } from './listening.ts';

describe('findPortHolder', () => {
  it.runIf(process.platform === 'linux').each(['127.0.0.1', '::1'])('finds who listens at %s', async (host) => {
    const server = createServer().listen(0, host);
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    expect(findPortHolder(port)).toEqual({ pid: process.pid, name: expect.stringMatching(/./) });
    server.close();
    await once(server, 'close');
    expect(findPortHolder(port)).toBeUndefined();
  });
});
