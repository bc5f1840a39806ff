import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ConfigError, loadConfig } from '../config/config.ts';
import { type RunningService, startService } from '../service.ts';
import { sendRaw } from '../testing/raw-request.ts';
import { parseMetrics } from '../testing/read-metrics.ts';
import { sendAhead } from '../testing/send-ahead.ts';

describe('the metrics over TCP', () => {
  let folder: string;
  let logLines: string[];
  const running: RunningService[] = [];

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'authsvc-metrics-'));
    logLines = [];
  });
  afterEach(async () => {
    for (const service of running.splice(0)) await service.close();
    await rm(folder, { recursive: true });
  });

  async function start(env: Record<string, string> = {}): Promise<RunningService> {
    const config = loadConfig({ AUTHSVC_DATA_DIR: folder, AUTHSVC_LISTEN_PORT: '0', ...env });
    const service = await startService(config, { logStream: { write: (line) => logLines.push(line) } });
    running.push(service);
    return service;
  }
  const metricsUrl = () => new URL(/http:\S+\/metrics/.exec(logLines.join(''))?.[0] ?? 'missing:');

  it('are nowhere, unless they are asked for', async () => {
    const { url } = await start();
    expect((await fetch(`${url}/metrics`)).status).toBe(404);
    expect(logLines.join('')).not.toContain('metrics');
  });

  it('are served apart from the clients, and nothing else is', async () => {
    const { url } = await start({ AUTHSVC_METRICS_ADDRESS: '0' });
    const metrics = metricsUrl();
    expect(metrics.hostname).toBe('127.0.0.1');
    const answered = await fetch(metrics);
    expect([answered.status, answered.headers.get('content-type'), answered.headers.get('cache-control')]).toEqual([
      200,
      'text/plain; version=0.0.4; charset=utf-8',
      'no-store',
    ]);
    expect(parseMetrics(await answered.text()).authsvc_sessions_held).toBe(0);
    expect((await fetch(`${url}/metrics`)).status).toBe(404);
    for (const path of ['/', '/profile', '/users', '/daemon', '/daemon/stop', '/health']) {
      expect([path, (await fetch(new URL(path, metrics))).status]).toEqual([path, 404]);
    }
    expect((await fetch(metrics, { method: 'POST' })).status).toBe(405);
  });

  it('answer on loopback to the names of this machine alone', async () => {
    await start({ AUTHSVC_METRICS_ADDRESS: '127.0.0.1:0' });
    const { port } = metricsUrl();
    const ask = (host: string) =>
      sendRaw(Number(port), `GET /metrics HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
    expect((await ask(`localhost:${port}`)).status).toBe(200);
    expect((await ask(`rebound.example.com:${port}`)).status).toBe(421);
  });

  it('are not served to a connection that asks on and on without waiting for an answer', async () => {
    await start({ AUTHSVC_METRICS_ADDRESS: '0' });
    const { hostname: host, port } = metricsUrl();
    const received = await sendAhead(
      { host, port: Number(port) },
      `GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`.repeat(500),
    );
    expect(received.split('HTTP/1.1 ').length - 1).toBeLessThanOrEqual(1);
  });

  it('answer to any name beyond loopback, and warn of it', async () => {
    await start({ AUTHSVC_METRICS_ADDRESS: '0.0.0.0:0', AUTHSVC_PUBLIC_URL: 'https://auth.example.com' });
    const [, port] = /"metrics at http:\/\/[^:]+:(\d+)/.exec(logLines.join('')) ?? [];
    const asked = 'GET /metrics HTTP/1.1\r\nHost: authsvc.internal\r\nConnection: close\r\n\r\n';
    expect((await sendRaw(Number(port), asked)).status).toBe(200);
    expect(logLines.map((line) => JSON.parse(line).event)).toContain('metrics_beyond_loopback');
  });

  it('are not forced upon an address that is taken; the setting is named, and nothing is left open', async () => {
    const other: Server = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => other.once('listening', resolve));
    const { port } = other.address() as AddressInfo;
    await expect(start({ AUTHSVC_METRICS_ADDRESS: String(port) })).rejects.toThrow(
      `cannot listen on AUTHSVC_METRICS_ADDRESS 127.0.0.1:${port}: another program listens there`,
    );
    other.close();
    await start({ AUTHSVC_METRICS_ADDRESS: String(port) });
  });
});

describe('AUTHSVC_METRICS_ADDRESS', () => {
  const load = (env: Record<string, string>) => loadConfig({ HOME: '/home/ada', ...env });
  function problemsOf(env: Record<string, string>): readonly string[] {
    try {
      load(env);
      return [];
    } catch (error) {
      if (error instanceof ConfigError) return error.problems;
      throw error;
    }
  }

  it.each([
    ['9464', '127.0.0.1', 9464],
    ['localhost:9464', '127.0.0.1', 9464],
    ['127.0.0.1:9464', '127.0.0.1', 9464],
    ['[::1]:9464', '::1', 9464],
  ])('takes %s', (text, host, port) => {
    expect(load({ AUTHSVC_METRICS_ADDRESS: text }).metricsAddress).toEqual({ host, port });
  });

  it.each(['example.com:9464', '127.0.0.1', ':9464', '::1:9464', '[127.0.0.1]:9464', '9464x', '65536', '[::1]', 'on'])(
    'refuses %s',
    (text) => {
      expect(problemsOf({ AUTHSVC_METRICS_ADDRESS: text })).toEqual([
        `AUTHSVC_METRICS_ADDRESS must be a port, or an IP address and a port such as 127.0.0.1:9464, not "${text}"`,
      ]);
    },
  );

  it('is never the port for clients, whatever the host', () => {
    const problem = 'AUTHSVC_METRICS_ADDRESS 4100 is the port that clients use: give the metrics a port of their own';
    expect(problemsOf({ AUTHSVC_METRICS_ADDRESS: '4100' })).toEqual([problem]);
    expect(problemsOf({ AUTHSVC_METRICS_ADDRESS: '[::1]:4100' })).toEqual([problem]);
    expect(problemsOf({ AUTHSVC_METRICS_ADDRESS: '4100', AUTHSVC_LISTEN_PORT: '4200' })).toEqual([]);
    // Two ports that the system picks are different.
    expect(problemsOf({ AUTHSVC_METRICS_ADDRESS: '0', AUTHSVC_LISTEN_PORT: '0' })).toEqual([]);
  });

  it('is loopback, unless there is a public URL', () => {
    const env = { AUTHSVC_METRICS_ADDRESS: '0.0.0.0:9464' };
    expect(problemsOf(env)).toEqual([
      'AUTHSVC_METRICS_ADDRESS 0.0.0.0 can be reached from other machines: set AUTHSVC_PUBLIC_URL to the address that clients use, or name the port alone to serve metrics to this machine only',
    ]);
    expect(problemsOf({ ...env, AUTHSVC_PUBLIC_URL: 'https://auth.example.com' })).toEqual([]);
  });
});
