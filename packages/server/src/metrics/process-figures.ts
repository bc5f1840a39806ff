import { readdir, readFile } from 'node:fs/promises';
import { systemClock } from '@authsvc/core';

/** What the system knows of this process. */
export interface ProcessFigures {
  /** The version of Node. */
  readonly node: string;
  readonly cpuSeconds: number;
  readonly residentBytes: number;
  readonly heapUsedBytes: number;
  readonly heapBytes: number;
  readonly startedAtSeconds: number;
  /** Known on Linux alone, as are their limits. */
  readonly openFiles: number | undefined;
  readonly maxFiles: number | undefined;
}

export async function processFigures(): Promise<ProcessFigures> {
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
    openFiles,
    maxFiles,
  };
}

async function countOpenFiles(): Promise<number | undefined> {
  const names = await readdir('/proc/self/fd').catch(() => undefined);
  // One of them was open for reading the list.
  return names && names.length - 1;
}

async function readMaxFiles(): Promise<number | undefined> {
  const limits = await readFile('/proc/self/limits', 'utf8').catch(() => '');
  const soft = /^Max open files +(\d+)/m.exec(limits)?.[1];
  return soft === undefined ? undefined : Number(soft);
}
