import { join, resolve } from 'node:path';
import type { Config } from '@authsvc/server';
import { formatBackupUnits } from '../daemon/backup-units.ts';
import { writeUnit } from '../daemon/systemd-unit.ts';
import { usageError } from '../errors.ts';
import { readKeep } from './backup.ts';

const BACKUP_UNIT = 'authsvc-backup';

export interface BackupOptions {
  /** The folder; undefined where no backup is asked for. */
  readonly backup?: string;
  readonly keep?: string;
}

/**
 * Refuse options of a nightly backup that would fail every night.
 *
 * @throws {@link CliError} `usage`.
 */
export function assertCanBackUp({ backup, keep }: BackupOptions, database: Config['database']): void {
  if (backup === undefined) {
    if (keep !== undefined) throw usageError('--keep belongs to --backup');
    return;
  }
  if (backup === '') throw usageError('--backup needs the path of a folder');
  readKeep(keep);
  if (database.kind === 'postgres') {
    throw usageError("This database is backed up with PostgreSQL's own tools, such as pg_dump, not with --backup");
  }
}

interface BackupPlace {
  /** The folder of the unit of the service itself. */
  readonly unitFolder: string;
  /** The program without its arguments; absolute paths. */
  readonly program: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** Further lines of `[Service]`. */
  readonly serviceLines?: readonly string[];
}

/**
 * Write the service and the timer of a nightly backup beside the unit of the service itself.
 *
 * @returns undefined where no backup is asked for.
 * @throws {@link CliError} `unit_not_written`.
 */
export function writeBackupUnits(
  { unitFolder, program, environment, serviceLines = [] }: BackupPlace,
  options: BackupOptions,
) {
  if (options.backup === undefined) return undefined;
  const json = {
    service: join(unitFolder, `${BACKUP_UNIT}.service`),
    timer: join(unitFolder, `${BACKUP_UNIT}.timer`),
    folder: resolve(options.backup),
    keep: readKeep(options.keep),
  };
  const { AUTHSVC_DATA_DIR } = environment;
  const { service, timer } = formatBackupUnits({
    program,
    environment: { ...(AUTHSVC_DATA_DIR !== undefined && { AUTHSVC_DATA_DIR }) },
    folder: json.folder,
    keep: json.keep,
    // It may name the data folder, too.
    serviceLines: [...serviceLines, 'EnvironmentFile=-%E/authsvc/environment'],
  });
  writeUnit(json.service, service);
  writeUnit(json.timer, timer);
  return { json, lines: ['', service.trimEnd(), '', timer.trimEnd()] };
}
