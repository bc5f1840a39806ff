import { existsSync, statfsSync } from 'node:fs';
import { dirname } from 'node:path';
import { type Finding, ok, problem, warning } from './finding.ts';

const MEGABYTE = 1_000_000;
/** A write-ahead log, a backup and six log files still fit. */
const COMFORTABLE_BYTES = 1000 * MEGABYTE;
/** Below it the next burst of logins may find the disk full. */
const LEAST_BYTES = 100 * MEGABYTE;

/** Measures the room on the disk of a folder, whether or not it is made yet. */
export function checkDisk(folder: string): Finding {
  const { bavail, bsize } = statfsSync(existingPart(folder));
  return judgeRoom(bavail * bsize);
}

export function judgeRoom(bytes: number): Finding {
  const room = `${describeBytes(bytes)} free where the data lies`;
  const remedy = { say: 'Make room, or move the data with AUTHSVC_DATA_DIR' };
  if (bytes >= COMFORTABLE_BYTES) return ok(room);
  return bytes >= LEAST_BYTES ? warning(room, remedy) : problem(room, remedy);
}

function existingPart(path: string): string {
  return existsSync(path) || dirname(path) === path ? path : existingPart(dirname(path));
}

function describeBytes(bytes: number): string {
  return bytes >= 1000 * MEGABYTE ? `${(bytes / MEGABYTE / 1000).toFixed(1)} GB` : `${Math.floor(bytes / MEGABYTE)} MB`;
}
