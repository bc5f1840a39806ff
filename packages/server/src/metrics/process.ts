import { readdir, readFile } from 'node:fs/promises';
import { type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks';
import { systemClock } from '@authsvc/core';

/** How often the delay is sampled, in milliseconds. */
const RESOLUTION_MS = 20;

/** What the system knows of this process. */
export async function processFigures() {
  const { user, system } = process.cpuUsage();
  const { rss, heapUsed, heapTotal } = process.memoryUsage();
  const [openFiles, maxFiles] = await Promise.all([countOpenFiles(), readMaxFiles()]);
  return {
    node: process.versions.node,
    cpuSeconds: (user + system) / 1e6,
    residentBytes: rss,
    heapUsedBytes: heapUsed,
    heapBytes: heapTotal,
    startedAtSeconds: Math.round(systemClock.now() - process.uptime() * 1000) / 1000,
    // Known on Linux alone, as is their limit.
    openFiles,
    maxFiles,
  };
}

async function countOpenFiles(): Promise<number | undefined> {
  const names = await readdir('/proc/self/fd').catch(() => undefined);
  // One of them was open only for reading the list.
  return names && names.length - 1;
}

async function readMaxFiles(): Promise<number | undefined> {
  const limits = await readFile('/proc/self/limits', 'utf8').catch(() => '');
  const soft = /^Max open files +(\d+)/m.exec(limits)?.[1];
  return soft === undefined ? undefined : Number(soft);
}

export type EventLoopMonitor = ReturnType<typeof monitorEventLoop>;

export function monitorEventLoop() {
  const histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  histogram.enable();
  return {
    /** The delays since the last call, which this call resets. */
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

/** How late the event loop ran what was due, in seconds. */
function read(histogram: IntervalHistogram) {
  if (histogram.max === 0) return { median: 0, p99: 0, max: 0 };
  // Node reports the time between two samples, which includes the interval itself.
  const seconds = (nanoseconds: number) => Math.max(0, nanoseconds / 1e9 - RESOLUTION_MS / 1000);
  return {
    median: seconds(histogram.percentile(50)),
    p99: seconds(histogram.percentile(99)),
    max: seconds(histogram.max),
  };
}
