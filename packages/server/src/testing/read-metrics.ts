import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { text } from 'node:stream/consumers';

/** The value of each series, under its name and labels as they stand. */
export type ReadMetrics = Readonly<Record<string, number>>;

const NAME = '[a-zA-Z_:][a-zA-Z0-9_:]*';
const LABEL = '[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\\\\n]|\\\\["\\\\n])*"';
const SERIES = new RegExp(`^((${NAME})(?:\\{(${LABEL}(?:,${LABEL})*)\\})?) (\\S+)$`);
const DESCRIPTION = new RegExp(`^# (HELP|TYPE) (${NAME}) (.+)$`);

/** Asks a daemon for its metrics over its control socket. */
export async function askMetrics(socketPath: string): Promise<string> {
  const [incoming] = (await once(request({ socketPath, path: '/metrics', agent: false }).end(), 'response')) as [
    IncomingMessage,
  ];
  if (incoming.statusCode !== 200) throw new Error(`answered ${incoming.statusCode}`);
  return text(incoming);
}

/**
 * Read Prometheus' text format, and refuse what Prometheus or its linter would: a malformed line, a
 * repeated series, one apart from its description, a histogram that does not add up.
 *
 * @see https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format
 */
export function parseMetrics(exposition: string): ReadMetrics {
  if (!exposition.endsWith('\n')) throw new Error('the last line does not end');
  const values = new Map<string, number>();
  const described = new Set<string>();
  let family = { name: '', type: '' };
  for (const line of exposition.slice(0, -1).split('\n')) {
    const [, kind, name = '', rest = ''] = DESCRIPTION.exec(line) ?? [];
    if (kind === 'HELP') {
      if (described.has(name)) throw new Error(`described twice: ${name}`);
      described.add(name);
      family = { name, type: '' };
    } else if (kind === 'TYPE') {
      if (name !== family.name || family.type !== '') throw new Error(`its help is elsewhere: ${line}`);
      if (!/^(counter|gauge|histogram)$/.test(rest)) throw new Error(`no such type: ${line}`);
      family = { name, type: rest };
    } else {
      const [, series = '', seriesName = '', , number = ''] = SERIES.exec(line) ?? [];
      const ofFamily = family.type === 'histogram' ? /^(.*)_(bucket|sum|count)$/.exec(seriesName)?.[1] : seriesName;
      if (series === '' || ofFamily !== family.name) throw new Error(`no series of ${family.name}: ${line}`);
      if (values.has(series)) throw new Error(`a series twice: ${line}`);
      if (number === '' || Number.isNaN(Number(number))) throw new Error(`no number: ${line}`);
      values.set(series, Number(number));
    }
  }
  checkHistograms(values);
  return Object.fromEntries(values);
}

/** Buckets rise with their bounds, and the last holds as many as are counted. */
function checkHistograms(values: ReadonlyMap<string, number>): void {
  let last = { of: '', bound: -Infinity, count: 0 };
  for (const [series, count] of values) {
    const [, name, labels = '', bound = ''] = /^(.*)_bucket\{(?:(.*),)?le="([^"]*)"\}$/.exec(series) ?? [];
    if (name === undefined) continue;
    const of = labels === '' ? `${name}_count` : `${name}_count{${labels}}`;
    const upTo = bound === '+Inf' ? Infinity : Number(bound);
    const before = last.of === of ? last : { bound: -Infinity, count: 0 };
    if (!(upTo > before.bound && count >= before.count)) throw new Error(`does not rise: ${series}`);
    if (upTo === Infinity && values.get(of) !== count) throw new Error(`does not add up: ${series}`);
    last = { of, bound: upTo, count };
  }
}

/** What has changed between two readings; a series that was not there counts from 0. */
export function metricChanges(before: ReadMetrics, after: ReadMetrics): ReadMetrics {
  const changes = Object.entries(after).map(([key, value]) => [key, value - (before[key] ?? 0)] as const);
  return Object.fromEntries(changes.filter(([, change]) => change !== 0));
}
