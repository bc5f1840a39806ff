import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { metrics, metricsTable } from './metrics.ts';

const page = readFileSync(new URL('../../../../docs/metrics.md', import.meta.url), 'utf8');

describe('metricsTable', () => {
  it('is what docs/metrics.md says; npm run write:metrics writes it there', () => {
    const [, table] = /<!-- metrics -->\n([\s\S]*?)\n<!-- \/metrics -->/.exec(page) ?? [];
    expect(table).toBe(metricsTable());
  });

  it('has all that the alerts speak of', () => {
    const names = new Set(metrics.flatMap(({ name, type }) => (type === 'histogram' ? [`${name}_bucket`] : [name])));
    const [, alerts = ''] = page.split('## Alerts to set');
    const named = alerts.match(/\b(authsvc|process)_[a-z_]+/g) ?? [];
    expect(named.length).toBeGreaterThan(10);
    expect(named.filter((name) => !names.has(name))).toEqual([]);
  });
});
