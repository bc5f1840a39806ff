import { createKnexStore } from '@authsvc/core';
import { createTestAuth, noListeners, type TestAuth } from '@authsvc/core/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseMetrics } from '../testing/read-metrics.ts';
import { measureStore } from './measure-store.ts';
import { createMeasurements, createRouteMeter, type Measurements } from './measurements.ts';
import { type MetricSources, metrics } from './metrics.ts';
import { renderMetrics } from './render.ts';

describe('renderMetrics', () => {
  let auth: TestAuth;
  let measurements: Measurements;
  let sources: MetricSources;

  beforeEach(async () => {
    auth = await createTestAuth();
    measurements = createMeasurements();
    sources = {
      measurements,
      hasher: { load: () => ({ waiting: 3, working: 2 }) },
      sessions: { counts: () => ({ held: 7, hits: 11, misses: 5 }) },
      store: createKnexStore(auth.database, { ...noListeners, ...measureStore(measurements) }),
      eventLoop: { take: () => ({ median: 0.001, p99: 0.01, max: 0.1 }) },
    };
  });
  afterEach(() => auth.close());

  it('tells every metric once, with its kind and what it is', async () => {
    const text = await renderMetrics(sources);
    const kinds = [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name, type]) => ({ name, type }));
    expect(kinds).toEqual(metrics.map(({ name, type }) => ({ name, type })));
    expect(text.match(/^# HELP \S+ .+$/gm)).toHaveLength(metrics.length);
    expect(text.endsWith('\n')).toBe(true);
  });

  it('keeps the conventions of Prometheus in its names', () => {
    const named = (type: string) => metrics.filter((metric) => metric.type === type).map(({ name }) => name);
    for (const name of named('counter')) expect(name).toMatch(/^(authsvc|process)_[a-z_]+_total$/);
    for (const name of named('histogram')) expect(name).toMatch(/^authsvc_[a-z_]+_seconds$/);
    for (const name of named('gauge')) expect(name).toMatch(/^(authsvc|process|nodejs)_[a-z_]+(?<!_total)$/);
  });

  it('tells what is counted, and what is now', async () => {
    measurements.events.reset_mail_given_up = 4;
    measurements.databaseErrors.unavailable = 6;
    expect(parseMetrics(await renderMetrics(sources))).toMatchObject({
      authsvc_hash_queue_passwords: 3,
      authsvc_hash_working_passwords: 2,
      authsvc_sessions_held: 7,
      'authsvc_session_checks_total{source="memory"}': 11,
      'authsvc_session_checks_total{source="database"}': 5,
      'authsvc_mails_total{result="given_up"}': 4,
      authsvc_mails_owed: 0,
      'authsvc_database_errors_total{kind="unavailable"}': 6,
      'authsvc_event_loop_delay_seconds{quantile="0.5"}': 0.001,
      'authsvc_event_loop_delay_seconds{quantile="0.99"}': 0.01,
      'authsvc_event_loop_delay_seconds{quantile="1"}': 0.1,
    });
  });

  it('counts in each bucket what lies in those before it too, bounds included', async () => {
    for (const seconds of [0.001, 0.0011, 0.2, 60]) measurements.writeSeconds.observe(seconds);
    const figures = parseMetrics(await renderMetrics(sources));
    const name = 'authsvc_write_transaction_duration_seconds';
    const bounds = ['0.001', '0.0025', '0.1', '0.25', '2.5', '+Inf'];
    expect(bounds.map((bound) => figures[`${name}_bucket{le="${bound}"}`])).toEqual([1, 2, 2, 3, 3, 4]);
    expect([figures[`${name}_sum`], figures[`${name}_count`]]).toEqual([60.2021, 4]);
  });

  it('writes a label so that it can be read back', async () => {
    const meter = createRouteMeter('GET', '/a"b\\c\nd');
    meter.answers[200] = 1;
    measurements.routes.push(meter);
    expect(await renderMetrics(sources)).toContain('{method="GET",route="/a\\"b\\\\c\\nd",status="200"} 1\n');
  });

  it('comes without the mails that are owed when the database does not answer, and counts that', async () => {
    await auth.close();
    const figures = parseMetrics(await renderMetrics(sources));
    expect(figures).toMatchObject({ authsvc_sessions_held: 7 });
    expect(figures).not.toHaveProperty('authsvc_mails_owed');
    expect(measurements.databaseErrors).toEqual({ unavailable: 0, other: 1 });
    auth = await createTestAuth();
  });
});

describe('measureStore', () => {
  it('times writes, and counts what the database could not do, and not what the rules refuse', async () => {
    const auth = await createTestAuth();
    const measurements = createMeasurements();
    const store = createKnexStore(auth.database, { ...noListeners, ...measureStore(measurements) });
    expect(await store.write(async () => 'written')).toBe('written');
    // There is one connection for writes, and the outer transaction has it.
    const inner = store.write(() => store.write(async () => 'never'));
    await expect(inner).rejects.toMatchObject({ code: 'database_unavailable' });
    const refused = store.write(async (transaction) => {
      await transaction.hasSession('none');
      throw new RangeError('of the caller');
    });
    await expect(refused).rejects.toThrow('of the caller');
    expect(measurements.writeSeconds.counts.reduce((sum, count) => sum + count)).toBe(4);
    expect(measurements.databaseErrors).toEqual({ unavailable: 2, other: 1 });
    await auth.close();
  });
});
