import { type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks';

/** How often it is looked after, in milliseconds. */
const RESOLUTION_MS = 20;

/** How late the event loop came to what was due, in seconds, since it was last asked. */
export interface EventLoopDelay {
  readonly median: number;
  readonly p99: number;
  readonly max: number;
}

export interface EventLoopMonitor {
  /** What was seen since the last call; from then on it is forgotten. */
  take(): EventLoopDelay;
  stop(): void;
}

export function monitorEventLoop(): EventLoopMonitor {
  const histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  histogram.enable();
  return {
    take: () => {
      const delay = read(histogram);
      histogram.reset();
      return delay;
    },
    stop: () => {
      histogram.disable();
    },
  };
}

function read(histogram: IntervalHistogram): EventLoopDelay {
  if (histogram.max === 0) return { median: 0, p99: 0, max: 0 };
  // What Node reports is from one look to the next, and so holds the time between two that are in time.
  const seconds = (nanoseconds: number) => Math.max(0, nanoseconds / 1e9 - RESOLUTION_MS / 1000);
  return {
    median: seconds(histogram.percentile(50)),
    p99: seconds(histogram.percentile(99)),
    max: seconds(histogram.max),
  };
}
