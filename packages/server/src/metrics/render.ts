import { VERSION } from '../version.ts';
import type { Histogram } from './measurements.ts';
import { type Figures, type Metric, type MetricSources, metrics } from './metrics.ts';
import { processFigures } from './process.ts';

/**
 * The metrics of this moment, in Prometheus' text form.
 *
 * @see https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format
 */
export async function renderMetrics(sources: MetricSources): Promise<string> {
  const { measurements, hasher, sessions, store, eventLoop } = sources;
  // The metrics must show that a database does not answer, so they do not depend on its answer.
  const [owedMails, ofProcess] = await Promise.all([store.countOwedMails().catch(() => undefined), processFigures()]);
  const figures: Figures = {
    measurements,
    version: VERSION,
    hashing: hasher.load(),
    sessions: sessions.counts(),
    owedMails,
    eventLoop: eventLoop.take(),
    process: ofProcess,
  };
  return metrics.map((metric) => renderMetric(metric, figures)).join('');
}

function renderMetric(metric: Metric, figures: Figures): string {
  const { name, help, type, labels } = metric;
  const lines =
    metric.type === 'histogram'
      ? metric.series(figures).flatMap(([values, histogram]) => renderHistogram(name, labels, values, histogram))
      : metric
          .series(figures)
          .filter(([, value]) => value !== undefined)
          .map(([values, value]) => `${name}${braces(labels, values)} ${value}`);
  return [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, ...lines, ''].join('\n');
}

function renderHistogram(
  name: string,
  labels: readonly string[],
  values: readonly string[],
  { bounds, counts, sum }: Histogram,
): string[] {
  let total = 0;
  const buckets = [...bounds.map(String), '+Inf'].map((bound, index) => {
    total += counts[index] ?? 0;
    return `${name}_bucket${braces([...labels, 'le'], [...values, bound])} ${total}`;
  });
  return [...buckets, `${name}_sum${braces(labels, values)} ${sum}`, `${name}_count${braces(labels, values)} ${total}`];
}

function braces(labels: readonly string[], values: readonly string[]): string {
  if (labels.length === 0) return '';
  return `{${labels.map((label, index) => `${label}="${escapeLabel(values[index] ?? '')}"`).join(',')}}`;
}

function escapeLabel(value: string): string {
  return value.replace(/["\\]/g, '\\$&').replaceAll('\n', '\\n');
}
