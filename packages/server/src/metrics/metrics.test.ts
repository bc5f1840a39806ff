import { mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { dataPaths } from '@authsvc/client/folders';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { loadConfig } from '../config/config.ts';
import { type RunningService, startService } from '../service.ts';
import { sendRaw } from '../testing/raw-request.ts';
import { askMetrics, metricChanges, parseMetrics, type ReadMetrics } from '../testing/read-metrics.ts';
import { json } from '../testing/requests.ts';

const ada = { email: 'ada@example.com', password: 'secure_password' };
const wrong = { ...ada, password: 'wrong_password' };

describe('the metrics of a running service', () => {
  let folder: string;
  let service: RunningService;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'authsvc-metrics-'));
  });
  afterEach(async () => {
    await service.close();
    await rm(folder, { recursive: true });
  });

  async function start(env: Record<string, string> = {}): Promise<void> {
    const usual = { AUTHSVC_DATA_DIR: folder, AUTHSVC_LISTEN_PORT: '0', AUTHSVC_BCRYPT_COST: '10' };
    service = await startService(loadConfig({ ...usual, ...env }), { logStream: { write: () => undefined } });
  }
  const text = () => askMetrics(dataPaths(folder).socket);
  const read = async () => parseMetrics(await text());
  const send = (path: string, fields: unknown) => {
    const { payload, headers } = json(fields);
    return fetch(service.url + path, {
      method: 'POST',
      body: String(payload),
      headers: headers as Record<string, string>,
    });
  };
  /** What an action changes among the metrics with a prefix, without times and sizes. */
  async function changes(work: () => Promise<unknown>, ...names: string[]): Promise<ReadMetrics> {
    const before = await read();
    await work();
    const after = await read();
    const changed = Object.entries(metricChanges(before, after));
    const ofNames = changed.filter(
      ([key]) => names.some((name) => key.startsWith(name)) && !/_(sum|bucket)\b/.test(key),
    );
    return Object.fromEntries(ofNames);
  }

  it('count and time each answer by its route, and not by its path', async () => {
    await start();
    const work = async () => {
      await send('/users', ada);
      await fetch(`${service.url}/sessions/some-id`, { method: 'DELETE' });
      await fetch(`${service.url}/profile`, { method: 'HEAD' });
      await fetch(`${service.url}/ada@example.com?password=secure_password`);
      await fetch(`${service.url}/%zz`);
      await fetch(`${service.url}/users`, { method: 'PATCH' });
      const { port } = new URL(service.url);
      await sendRaw(Number(port), 'GET /profile HTTP/1.1\r\nHost: example.org\r\nConnection: close\r\n\r\n');
      await sendRaw(Number(port), 'no HTTP\r\n\r\n');
    };
    expect(await changes(work, 'authsvc_http', 'authsvc_refusals')).toEqual({
      'authsvc_http_requests_total{method="POST",route="/users",status="200"}': 1,
      'authsvc_http_requests_total{method="DELETE",route="/sessions/:id",status="403"}': 1,
      'authsvc_http_requests_total{method="HEAD",route="/profile",status="403"}': 1,
      'authsvc_http_requests_total{method="GET",route="/profile",status="421"}': 1,
      'authsvc_http_requests_total{method="other",route="none",status="404"}': 1,
      'authsvc_http_requests_total{method="other",route="none",status="405"}': 1,
      'authsvc_http_request_duration_seconds_count{method="POST",route="/users"}': 1,
      'authsvc_http_request_duration_seconds_count{method="DELETE",route="/sessions/:id"}': 1,
      'authsvc_http_request_duration_seconds_count{method="HEAD",route="/profile"}': 1,
      'authsvc_http_request_duration_seconds_count{method="GET",route="/profile"}': 1,
      'authsvc_http_request_duration_seconds_count{method="other",route="none"}': 2,
      authsvc_http_malformed_requests_total: 1,
      'authsvc_refusals_total{code="unauthenticated"}': 2,
      'authsvc_refusals_total{code="misdirected_request"}': 1,
      'authsvc_refusals_total{code="not_found"}': 1,
      'authsvc_refusals_total{code="method_not_allowed"}': 1,
      // A path that cannot be read.
      'authsvc_refusals_total{code="invalid_request"}': 1,
    });
    const shown = await text();
    for (const secret of ['ada@', 'example', 'password=', 'some-id', 'zz']) expect(shown).not.toContain(secret);
  });

  it('tell of logins, the hashing that they cost, and what they wrote', async () => {
    await start();
    const work = async () => {
      await send('/users', ada);
      await send('/sessions', ada);
      await send('/sessions', wrong);
    };
    const names = ['authsvc_logins', 'authsvc_events', 'authsvc_hash', 'authsvc_database'];
    expect(await changes(work, ...names)).toEqual({
      'authsvc_logins_total{result="succeeded"}': 1,
      'authsvc_logins_total{result="failed"}': 1,
      'authsvc_events_total{type="user_registered"}': 1,
      'authsvc_events_total{type="login_succeeded"}': 1,
      'authsvc_events_total{type="login_failed"}': 1,
      authsvc_hash_wait_seconds_count: 3,
      authsvc_hash_duration_seconds_count: 3,
    });
    const figures = await read();
    // Three hashes of cost 10 in seconds, on the fastest machine there is and on a very busy one.
    expect(figures.authsvc_hash_duration_seconds_sum).toBeGreaterThan(0.03);
    expect(figures.authsvc_hash_duration_seconds_sum).toBeLessThan(30);
    // Each login counts its attempt first and its outcome later; due mails are looked for too.
    expect(figures.authsvc_write_transaction_duration_seconds_count).toBeGreaterThanOrEqual(5);
    expect(figures.authsvc_write_transaction_duration_seconds_sum).toBeGreaterThan(0);
  });

  it('tell a full queue of passwords while it is full', async () => {
    await start();
    // Of one account, only a few passwords would be admitted to the queue.
    const many = Array.from({ length: 8 * availableParallelism() }, (_, index) => `user-${index}@example.com`);
    const logins = many.map((email) => send('/sessions', { ...wrong, email }));
    await vi.waitUntil(async () => ((await read()).authsvc_hash_queue_passwords ?? 0) > 0, {
      timeout: 10_000,
      interval: 5,
    });
    await Promise.all(logins);
    expect(await read()).toMatchObject({ authsvc_hash_queue_passwords: 0, authsvc_hash_working_passwords: 0 });
  });

  it('tell which attempts were too many, each of them', async () => {
    await start();
    let compared = 0;
    let refused = 0;
    const work = async () => {
      // A delay may be over before the next try, on a slow machine; each is twice as long.
      while (refused < 2) {
        if ((await send('/sessions', wrong)).status === 429) refused += 1;
        else compared += 1;
      }
    };
    expect(await changes(work, 'authsvc_throttled', 'authsvc_events', 'authsvc_refusals')).toEqual({
      'authsvc_throttled_attempts_total{kind="login"}': 2,
      'authsvc_refusals_total{code="rate_limited"}': 2,
      'authsvc_refusals_total{code="invalid_credentials"}': compared,
      'authsvc_events_total{type="login_failed"}': compared,
      // Of the refusals during one delay, only the first is recorded.
      'authsvc_events_total{type="login_throttled"}': expect.any(Number),
    });
  });

  it('tell which sessions are held, and where they were looked up', async () => {
    await start();
    await send('/users', ada);
    const [cookie = ''] = (await send('/sessions', ada)).headers.get('set-cookie')?.split(';', 1) ?? [];
    const check = () => fetch(`${service.url}/profile`, { headers: { cookie } });
    const work = async () => {
      await check();
      await check();
      await check();
    };
    expect(await changes(work, 'authsvc_session')).toEqual({
      authsvc_sessions_held: 1,
      'authsvc_session_checks_total{source="database"}': 1,
      'authsvc_session_checks_total{source="memory"}': 2,
    });
    const logOut = () => fetch(`${service.url}/sessions`, { method: 'DELETE', headers: { cookie } });
    expect(await changes(logOut, 'authsvc_sessions_held')).toEqual({ authsvc_sessions_held: -1 });
  });

  it('tell of mails that were sent', async () => {
    await start({ AUTHSVC_MAIL_DIR: join(folder, 'mails'), AUTHSVC_EMAIL_VERIFICATION: 'off' });
    await send('/users', ada);
    await send('/reset_password', { email: ada.email });
    await vi.waitUntil(async () => (await read())['authsvc_mails_total{result="sent"}'] === 1, { timeout: 10_000 });
    expect((await read()).authsvc_mails_owed).toBe(0);
  });

  it('tell of mails that are owed, since no server takes them', async () => {
    // Nothing listens on port 9, which is reserved for discarding.
    await start({ AUTHSVC_SMTP_URL: 'smtp://127.0.0.1:9', AUTHSVC_EMAIL_VERIFICATION: 'off' });
    await send('/users', ada);
    await send('/reset_password', { email: ada.email });
    await vi.waitUntil(async () => (await read())['authsvc_mails_total{result="failed"}'] === 1, { timeout: 10_000 });
    expect((await read()).authsvc_mails_owed).toBe(1);
  });

  it('tell how late the event loop was, until they have reported it', async () => {
    await start();
    const worst = 'authsvc_event_loop_delay_seconds{quantile="1"}';
    const block = () => {
      const until = performance.now() + 300;
      while (performance.now() < until);
    };
    // The delay is measured between two samples, and the second may not have been taken yet.
    const seen = async () => {
      block();
      return Number((await read())[worst]) > 0.2;
    };
    await vi.waitUntil(seen, { timeout: 10_000 });
  });

  it('tell of the process and of what was built', async () => {
    await start();
    const figures = await read();
    expect(figures.process_cpu_seconds_total).toBeCloseTo(process.cpuUsage().user / 1e6, -1);
    expect(figures.process_resident_memory_bytes).toBeGreaterThan(10e6);
    expect(figures.nodejs_heap_size_total_bytes).toBeGreaterThanOrEqual(
      figures.nodejs_heap_size_used_bytes ?? Number.NaN,
    );
    expect(figures.process_start_time_seconds).toBeCloseTo(performance.timeOrigin / 1000, 0);
    expect(Object.keys(figures).filter((key) => key.startsWith('authsvc_build_info'))).toEqual([
      expect.stringMatching(/^authsvc_build_info\{version="\d+\.\d+\.\d+",node="\d+\.\d+\.\d+"\}$/),
    ]);
    // Elsewhere the system does not say.
    if (process.platform === 'linux')
      expect(figures.process_max_fds).toBeGreaterThan(figures.process_open_fds ?? Infinity);
  });
});
