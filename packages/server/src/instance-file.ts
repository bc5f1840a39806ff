import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { INSTANCE_FILE, type RunningInstance } from './data-folder.ts';

/** Says in the data folder who holds it, for everyone who would like to know; mode 0600, never half-written. */
export function writeInstanceFile(dataFolder: string, instance: RunningInstance): void {
  const path = join(dataFolder, INSTANCE_FILE);
  writeFileSync(`${path}.tmp`, `${JSON.stringify(instance, undefined, 2)}\n`, { mode: 0o600 });
  renameSync(`${path}.tmp`, path);
}

export function removeInstanceFile(dataFolder: string): void {
  rmSync(join(dataFolder, INSTANCE_FILE), { force: true });
}

/** Who holds a locked data folder, in words; as far as it said so. */
export function describeHolder(dataFolder: string): string {
  try {
    const {
      pid,
      url,
      started_at: startedAt,
    }: RunningInstance = JSON.parse(readFileSync(join(dataFolder, INSTANCE_FILE), 'utf8'));
    return `another authsvc (pid ${pid}, listening on ${url} since ${startedAt})`;
  } catch {
    // It has not begun to listen, or no longer does.
    return 'another authsvc that is starting or stopping';
  }
}
