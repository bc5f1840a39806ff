import { createServer, type RequestListener, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { freePort } from '../../../test/free-port.mjs';
import type { HttpRequest } from './call.ts';
import { fetchTransport } from './fetch-transport.ts';

async function serve(answer: RequestListener): Promise<URL> {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
}

/** Serves one answer; `closed` resolves when its connection has ended. */
async function serveOnce(answer: (response: ServerResponse) => void) {
  let close: () => void;
  const closed = new Promise<void>((resolve) => {
    close = resolve;
  });
  const url = await serve((_request, response) => answer(response.on('close', () => close())));
  return { url, closed };
}

const get = (url: URL): HttpRequest => ({ method: 'GET', url, headers: {} });
const transport = fetchTransport();

describe('the transport over fetch', () => {
  it('reads status, headers and body', async () => {
    const url = await serve((_request, response) => {
      response.writeHead(401, { 'Retry-After': '5', 'set-cookie': ['a=1; Path=/', 'b=2'] }).end('{"code":"ü"}');
    });
    const reply = await transport(get(url));
    expect(reply).toMatchObject({ status: 401, body: '{"code":"ü"}' });
    expect(reply.headers).toMatchObject({ 'retry-after': '5', 'set-cookie': ['a=1; Path=/', 'b=2'] });
  });

  it('joins a character that two chunks share', async () => {
    const [first, second] = [Buffer.from('ü').subarray(0, 1), Buffer.from('ü').subarray(1)];
    const url = await serve((_request, response) => {
      response.write(first, () => setImmediate(() => response.end(second)));
    });
    expect((await transport(get(url))).body).toBe('ü');
  });

  it('follows no redirect', async () => {
    const targets: (string | undefined)[] = [];
    const url = await serve(({ url: target }, response) => {
      targets.push(target);
      response.writeHead(302, { location: '/elsewhere' }).end();
    });
    expect(await transport(get(url))).toMatchObject({ status: 302, body: '' });
    expect(targets).toEqual(['/']);
  });

  it('is never cached', async () => {
    const inits: (RequestInit | undefined)[] = [];
    const recording = fetchTransport((...[, init]) => {
      inits.push(init);
      return Promise.resolve(new Response('{}'));
    });
    await recording(get(new URL('http://127.0.0.1/')));
    expect(inits).toEqual([expect.objectContaining({ cache: 'no-store', redirect: 'manual' })]);
  });

  it('ends at its limit while the answer is not complete, and closes the connection', async () => {
    const { url, closed } = await serveOnce((response) => response.writeHead(200).write('{'));
    const exchange = transport(get(url), { totalMs: 200 });
    await expect(exchange).rejects.toMatchObject({ name: 'UnreachableError', reason: 'no answer in time' });
    await closed;
  });

  it('gives up on an answer that is too long, and closes the connection', async () => {
    const { url, closed } = await serveOnce((response) => {
      const write = () => {
        while (!response.destroyed && response.write('x'.repeat(65_536)));
      };
      response.on('drain', write);
      write();
    });
    await expect(transport(get(url))).rejects.toMatchObject({ reason: 'the answer is too long' });
    await closed;
  });

  it.each([
    ['GET', 2],
    ['POST', 1],
  ] as const)('sends a %s whose connection closes %i times at most', async (method, times) => {
    let requests = 0;
    const url = await serve((_request, response) => {
      requests += 1;
      response.destroy();
    });
    await expect(transport({ ...get(url), method })).rejects.toMatchObject({ reason: 'connection closed' });
    expect(requests).toBe(times);
  });

  it('sends a GET whose answer broke off only once', async () => {
    let requests = 0;
    const url = await serve((_request, response) => {
      requests += 1;
      response.writeHead(200, { 'content-length': '9' }).write('{', () => response.destroy());
    });
    await expect(transport(get(url))).rejects.toMatchObject({ name: 'UnreachableError' });
    expect(requests).toBe(1);
  });

  it('sends no header that would be two', async () => {
    let requests = 0;
    const url = await serve((_request, response) => {
      requests += 1;
      response.end();
    });
    const request = { ...get(url), headers: { origin: 'a\r\ncookie: session_id=b' } };
    await expect(transport(request)).rejects.toMatchObject({ name: 'UnreachableError' });
    expect(requests).toBe(0);
  });

  it('says why in the words of the transport over node:http', async () => {
    const url = new URL(`http://127.0.0.1:${await freePort()}/`);
    await expect(transport(get(url))).rejects.toMatchObject({ reason: 'connection refused' });
    await expect(transport(get(new URL('http://no-such-host.invalid/')))).rejects.toMatchObject({
      reason: expect.stringMatching(/^no such host$|^the name cannot be looked up$/),
    });
  });
});
