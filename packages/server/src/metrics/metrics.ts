import type { BatchedSessions, BcryptHasher, Store } from '@authsvc/core';
import type { Histogram, Measurements } from './measurements.ts';
import type { EventLoopMonitor, processFigures } from './process.ts';

/** Where the metrics get their values. */
export interface MetricSources {
  readonly measurements: Measurements;
  readonly hasher: Pick<BcryptHasher, 'load'>;
  readonly sessions: Pick<BatchedSessions, 'counts'>;
  readonly store: Pick<Store, 'countOwedMails'>;
  readonly eventLoop: Pick<EventLoopMonitor, 'take'>;
}

/** Everything that the metrics of one moment are made from. */
export interface Figures extends Pick<MetricSources, 'measurements'> {
  readonly version: string;
  readonly hashing: ReturnType<BcryptHasher['load']>;
  readonly sessions: ReturnType<BatchedSessions['counts']>;
  /** Unknown while the database does not answer. */
  readonly owedMails: number | undefined;
  readonly eventLoop: ReturnType<EventLoopMonitor['take']>;
  readonly process: Awaited<ReturnType<typeof processFigures>>;
}

/** Each with the values of the metric's labels, in their order. */
type SeriesOf<Value> = (figures: Figures) => readonly (readonly [readonly string[], Value])[];

interface Described {
  readonly name: string;
  /** One sentence, which Prometheus and the documentation show. */
  readonly help: string;
  readonly labels: readonly string[];
}

/** What Prometheus calls a metric family. A series whose value is not known is left out. */
export type Metric = Described &
  (
    | { readonly type: 'counter' | 'gauge'; readonly series: SeriesOf<number | undefined> }
    | { readonly type: 'histogram'; readonly series: SeriesOf<Histogram> }
  );

const counter = (name: string, labels: readonly string[], help: string, series: SeriesOf<number | undefined>) =>
  ({ type: 'counter', name, labels, help, series }) as const;
const gauge = (name: string, labels: readonly string[], help: string, series: SeriesOf<number | undefined>) =>
  ({ type: 'gauge', name, labels, help, series }) as const;

const histogram = (name: string, labels: readonly string[], help: string, series: SeriesOf<Histogram>) =>
  ({ type: 'histogram', name, labels, help, series }) as const;

/** Every metric, in the order of the output. No label holds what a client sent. */
export const metrics: readonly Metric[] = [
  counter(
    'authsvc_http_requests_total',
    ['method', 'route', 'status'],
    'Requests answered; those without a route count as method other, route none.',
    ({ measurements: { routes, unrouted } }) =>
      [...routes, unrouted].flatMap(({ method, route, answers }) =>
        [...answers.entries()]
          .filter(([, count]) => count > 0)
          .map(([status, count]) => [[method, route, String(status)], count] as const),
      ),
  ),
  histogram(
    'authsvc_http_request_duration_seconds',
    ['method', 'route'],
    'From the arrival of the headers to the end of the answer.',
    // Every GET has a HEAD, which is rarely requested.
    ({ measurements: { routes, unrouted } }) =>
      [...routes, unrouted]
        .filter(({ method, seconds }) => method !== 'HEAD' || seconds.sum > 0)
        .map(({ method, route, seconds }) => [[method, route], seconds]),
  ),
  counter(
    'authsvc_http_malformed_requests_total',
    [],
    'Requests that were not HTTP, or did not arrive in time.',
    ({ measurements }) => one(measurements.malformed),
  ),
  counter(
    'authsvc_refusals_total',
    ['code'],
    'Requests refused, by the code in their answer; overloaded: the password queue was full.',
    ({ measurements }) => byName(measurements.refusals),
  ),
  counter(
    'authsvc_throttled_attempts_total',
    ['kind'],
    'Attempts refused because there were too many; every refusal counts, not only the first.',
    ({ measurements }) => byName(measurements.throttled),
  ),
  counter(
    'authsvc_events_total',
    ['type'],
    'What happened to accounts and sessions, as the audit trail has it.',
    ({ measurements }) => byName(measurements.events),
  ),
  counter('authsvc_logins_total', ['result'], 'Passwords tried at login, by result.', ({ measurements }) =>
    byName({ succeeded: measurements.events.login_succeeded, failed: measurements.events.login_failed }),
  ),
  gauge('authsvc_hash_queue_passwords', [], 'Passwords that wait for a worker.', ({ hashing }) => one(hashing.waiting)),
  gauge('authsvc_hash_working_passwords', [], 'Passwords that are being hashed.', ({ hashing }) =>
    one(hashing.working),
  ),
  histogram('authsvc_hash_wait_seconds', [], 'How long a password waited for a worker.', ({ measurements }) => [
    [[], measurements.hashWaitSeconds],
  ]),
  histogram('authsvc_hash_duration_seconds', [], 'How long a worker hashed one password.', ({ measurements }) => [
    [[], measurements.hashSeconds],
  ]),
  gauge('authsvc_sessions_held', [], 'Sessions held in memory; none where the database is PostgreSQL.', (figures) =>
    one(figures.sessions.held),
  ),
  counter(
    'authsvc_session_checks_total',
    ['source'],
    'Sessions found in memory, or looked up in the database because they were not.',
    ({ sessions }) => byName({ memory: sessions.hits, database: sessions.misses }),
  ),
  counter('authsvc_mails_total', ['result'], 'Mails tried; a failed one is tried again.', ({ measurements }) => {
    const { events } = measurements;
    return byName({
      sent: events.reset_mail_sent + events.mail_sent,
      failed: events.reset_mail_failed + events.mail_failed,
      given_up: events.reset_mail_given_up + events.mail_given_up,
    });
  }),
  gauge('authsvc_mails_owed', [], 'Mails not sent yet; absent while the database does not answer.', (figures) =>
    one(figures.owedMails),
  ),
  counter(
    'authsvc_database_errors_total',
    ['kind'],
    'Failed database calls: unavailable is answered with 503, other with 500.',
    ({ measurements }) => byName(measurements.databaseErrors),
  ),
  histogram(
    'authsvc_write_transaction_duration_seconds',
    [],
    'From the request for a write transaction to its commit.',
    ({ measurements }) => [[[], measurements.writeSeconds]],
  ),
  gauge(
    'authsvc_event_loop_delay_seconds',
    ['quantile'],
    'Delay of the event loop since the metrics were last requested; quantile 1 is the longest.',
    ({ eventLoop }) => byName({ '0.5': eventLoop.median, '0.99': eventLoop.p99, '1': eventLoop.max }),
  ),
  counter('process_cpu_seconds_total', [], 'Processor time spent, hashing included.', ({ process }) =>
    one(process.cpuSeconds),
  ),
  gauge('process_resident_memory_bytes', [], 'Resident memory.', ({ process }) => one(process.residentBytes)),
  gauge('process_open_fds', [], 'Open file descriptors; on Linux only.', ({ process }) => one(process.openFiles)),
  gauge('process_max_fds', [], 'Most file descriptors that may be open; on Linux only.', ({ process }) =>
    one(process.maxFiles),
  ),
  gauge('process_start_time_seconds', [], 'When the process started, in seconds since the Unix epoch.', ({ process }) =>
    one(process.startedAtSeconds),
  ),
  gauge('nodejs_heap_size_used_bytes', [], 'JavaScript heap in use.', ({ process }) => one(process.heapUsedBytes)),
  gauge('nodejs_heap_size_total_bytes', [], 'JavaScript heap, in use or not.', ({ process }) => one(process.heapBytes)),
  gauge('authsvc_build_info', ['version', 'node'], 'Always 1.', ({ version, process: { node } }) => [
    [[version, node], 1],
  ]),
];

function one(value: number | undefined): ReturnType<SeriesOf<number | undefined>> {
  return [[[], value]];
}

function byName(counts: Readonly<Record<string, number>>): ReturnType<SeriesOf<number | undefined>> {
  return Object.entries(counts).map(([name, count]) => [[name], count]);
}

/** The metrics as the table of a Markdown page, as `docs/metrics.md` shows it. */
export function metricsTable(): string {
  const rows = metrics.map(({ name, type, labels, help }) => {
    const named = labels.map((label) => `\`${label}\``).join(', ');
    return `| \`${name}\` | ${type} | ${named} | ${help} |`;
  });
  return ['| Metric | Kind | Labels | |', '|---|---|---|---|', ...rows].join('\n');
}
