import type { BatchedSessions, BcryptHasher, Store } from '@authsvc/core';
import type { EventLoopDelay } from './event-loop-delay.ts';
import type { Histogram } from './histogram.ts';
import type { Measurements } from './measurements.ts';
import type { ProcessFigures } from './process-figures.ts';

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
