import type { BatchedSessions, BcryptHasher, Store } from '@authsvc/core';
import type { Histogram, Measurements } from './measurements.ts';
import type { EventLoopDelay, ProcessFigures } from './process.ts';

/** Whom the metrics are asked of. */
export interface MetricSources {
  readonly measurements: Measurements;
  readonly hasher: Pick<BcryptHasher, 'load'>;
  readonly sessions: Pick<BatchedSessions, 'counts'>;
  readonly store: Pick<Store, 'countOwedMails'>;
  /** Its figures are of the time since it was last asked. */
  readonly eventLoop: { take(): EventLoopDelay };
}

/** Everything that the metrics of one moment are made from. */
export interface Figures extends Pick<MetricSources, 'measurements'> {
  readonly version: string;
  readonly hashing: ReturnType<BcryptHasher['load']>;
  readonly sessions: ReturnType<BatchedSessions['counts']>;
  /** Unknown while the database does not answer. */
  readonly owedMails: number | undefined;
  readonly eventLoop: EventLoopDelay;
  readonly process: ProcessFigures;
}

/** The values of a metric's labels, in their order. */
export type LabelValues = readonly string[];

interface Described {
  readonly name: string;
  /** One sentence, which Prometheus shows and the documentation says. */
  readonly help: string;
  readonly labels: readonly string[];
}

/** What Prometheus calls a metric family. A series whose value is not known is left out. */
export type Metric =
  | (Described & {
      readonly type: 'counter' | 'gauge';
      readonly series: (figures: Figures) => readonly (readonly [LabelValues, number | undefined])[];
    })
  | (Described & {
      readonly type: 'histogram';
      readonly series: (figures: Figures) => readonly (readonly [LabelValues, Histogram])[];
    });

const counter = (name: string, labels: readonly string[], help: string, series: CountOf) =>
  ({ type: 'counter', name, labels, help, series }) as const;
const gauge = (name: string, labels: readonly string[], help: string, series: CountOf) =>
  ({ type: 'gauge', name, labels, help, series }) as const;

type CountOf = (figures: Figures) => readonly (readonly [readonly string[], number | undefined])[];

/** Every metric, in the order of the output. No label holds what a client sent. */
export const metrics: readonly Metric[] = [
  counter(
    'authsvc_http_requests_total',
    ['method', 'route', 'status'],
    'Requests answered; what has no route counts as other, none.',
    ({ measurements: { routes, unrouted } }) =>
      [...routes, unrouted].flatMap(({ method, route, answers }) =>
        [...answers.entries()]
          .filter(([, count]) => count > 0)
          .map(([status, count]) => [[method, route, String(status)], count] as const),
      ),
  ),
  {
    type: 'histogram',
    name: 'authsvc_http_request_duration_seconds',
    labels: ['method', 'route'],
    help: 'From the arrival of the headers to the end of the answer.',
    // Every GET has a HEAD, which is rarely requested.
    series: ({ measurements: { routes, unrouted } }) =>
      [...routes, unrouted]
        .filter(({ method, seconds }) => method !== 'HEAD' || seconds.sum > 0)
        .map(({ method, route, seconds }) => [[method, route], seconds]),
  },
  counter(
    'authsvc_http_malformed_requests_total',
    [],
    'Requests that were no HTTP, or did not arrive in time.',
    ({ measurements }) => one(measurements.malformed),
  ),
  counter(
    'authsvc_refusals_total',
    ['code'],
    'Requests refused, by the code in their answer; overloaded is a full queue of passwords.',
    ({ measurements }) => byName(measurements.refusals),
  ),
  counter(
    'authsvc_throttled_attempts_total',
    ['kind'],
    'Attempts refused because there were too many, each of them.',
    ({ measurements }) => byName(measurements.throttled),
  ),
  counter(
    'authsvc_events_total',
    ['type'],
    'What happened to accounts and sessions, as the audit trail has it.',
    ({ measurements }) => byName(measurements.events),
  ),
  counter('authsvc_logins_total', ['result'], 'Passwords tried at login, by what came of it.', ({ measurements }) =>
    byName({ succeeded: measurements.events.login_succeeded, failed: measurements.events.login_failed }),
  ),
  gauge('authsvc_hash_queue_passwords', [], 'Passwords that wait for a worker.', ({ hashing }) => one(hashing.waiting)),
  gauge('authsvc_hash_working_passwords', [], 'Passwords that are being hashed.', ({ hashing }) =>
    one(hashing.working),
  ),
  {
    type: 'histogram',
    name: 'authsvc_hash_wait_seconds',
    labels: [],
    help: 'How long a password waited for a worker.',
    series: ({ measurements }) => [[[], measurements.hashWaitSeconds]],
  },
  {
    type: 'histogram',
    name: 'authsvc_hash_duration_seconds',
    labels: [],
    help: 'How long a worker hashed one password.',
    series: ({ measurements }) => [[[], measurements.hashSeconds]],
  },
  gauge('authsvc_sessions_held', [], 'Sessions held in memory; none where the database is PostgreSQL.', (figures) =>
    one(figures.sessions.held),
  ),
  counter(
    'authsvc_session_checks_total',
    ['source'],
    'Sessions looked up in memory, and in the database where they were not there.',
    ({ sessions }) => byName({ memory: sessions.hits, database: sessions.misses }),
  ),
  counter('authsvc_mails_total', ['result'], 'Mails tried; a failed one is tried again.', ({ measurements }) => {
    const { reset_mail_sent: sent, reset_mail_failed: failed, reset_mail_given_up: givenUp } = measurements.events;
    return byName({ sent, failed, given_up: givenUp });
  }),
  gauge('authsvc_mails_owed', [], 'Mails not sent yet; absent while the database does not answer.', (figures) =>
    one(figures.owedMails),
  ),
  counter(
    'authsvc_database_errors_total',
    ['kind'],
    'Calls that the database failed: unavailable is answered with 503, other with 500.',
    ({ measurements }) => byName(measurements.databaseErrors),
  ),
  {
    type: 'histogram',
    name: 'authsvc_write_transaction_duration_seconds',
    labels: [],
    help: 'From asking for the right to write to the commit.',
    series: ({ measurements }) => [[[], measurements.writeSeconds]],
  },
  gauge(
    'authsvc_event_loop_delay_seconds',
    ['quantile'],
    'How late the event loop was, since the metrics were last asked for; quantile 1 is the worst.',
    ({ eventLoop }) => byName({ '0.5': eventLoop.median, '0.99': eventLoop.p99, '1': eventLoop.max }),
  ),
  counter(
    'process_cpu_seconds_total',
    [],
    'Processor time spent, hashing included.',
    ofProcess(({ cpuSeconds }) => cpuSeconds),
  ),
  gauge(
    'process_resident_memory_bytes',
    [],
    'Memory that is resident.',
    ofProcess(({ residentBytes }) => residentBytes),
  ),
  gauge(
    'process_open_fds',
    [],
    'Open file descriptors; on Linux alone.',
    ofProcess(({ openFiles }) => openFiles),
  ),
  gauge(
    'process_max_fds',
    [],
    'File descriptors that may be open; on Linux alone.',
    ofProcess(({ maxFiles }) => maxFiles),
  ),
  gauge(
    'process_start_time_seconds',
    [],
    'When the process started, in seconds since the Unix epoch.',
    ofProcess(({ startedAtSeconds }) => startedAtSeconds),
  ),
  gauge(
    'nodejs_heap_size_used_bytes',
    [],
    'JavaScript heap in use.',
    ofProcess(({ heapUsedBytes }) => heapUsedBytes),
  ),
  gauge(
    'nodejs_heap_size_total_bytes',
    [],
    'JavaScript heap, in use or not.',
    ofProcess(({ heapBytes }) => heapBytes),
  ),
  gauge('authsvc_build_info', ['version', 'node'], 'Always 1.', ({ version, process: { node } }) => [
    [[version, node], 1],
  ]),
];

function one(value: number | undefined): ReturnType<CountOf> {
  return [[[], value]];
}

function byName(counts: Readonly<Record<string, number>>): ReturnType<CountOf> {
  return Object.entries(counts).map(([name, count]) => [[name], count]);
}

function ofProcess(figure: (figures: ProcessFigures) => number | undefined): CountOf {
  return (figures) => one(figure(figures.process));
}

/** The metrics as the table of a Markdown page, as `docs/metrics.md` shows it. */
export function metricsTable(): string {
  const rows = metrics.map(({ name, type, labels, help }) => {
    const named = labels.map((label) => `\`${label}\``).join(', ');
    return `| \`${name}\` | ${type} | ${named} | ${help} |`;
  });
  return ['| Metric | Kind | Labels | |', '|---|---|---|---|', ...rows].join('\n');
}
