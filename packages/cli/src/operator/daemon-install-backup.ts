import { join, resolve } from 'node:path';
import { shell } from '@authsvc/client/shell-command';
import type { Context } from '../context.ts';
import { formatBackupUnits } from '../daemon/backup-units.ts';
import { readSettings } from '../daemon/read-settings.ts';
import { systemdUserFolder, writeUnit } from '../daemon/systemd-unit.ts';
import { usageError } from '../errors.ts';
import { readKeep } from './backup.ts';

interface BackupOptions {
  /** The folder; undefined where no backup is asked for. */
  readonly backup?: string;
  readonly keep?: string;
}

/**
 * Refuse options of a nightly backup that would fail every night.
 *
 * @throws {@link CliError} `usage`.
 */
export async function assertCanBackUp(context: Pick<Context, 'env'>, { backup, keep }: BackupOptions): Promise<void> {
  if (backup === undefined) {
    if (keep !== undefined) throw usageError('--keep belongs to --backup');
    return;
  }
  if (backup === '') throw usageError('--backup needs the path of a folder');
  readKeep(keep);
  const { config } = await readSettings(context);
  if (config?.database.kind === 'postgres') {
    throw usageError("This database is backed up with PostgreSQL's own tools, such as pg_dump, not with --backup");
  }
}

/**
 * Write the service and the timer of a nightly backup beside the unit of the service itself.
 *
 * @returns undefined where no backup is asked for.
 * @throws {@link CliError} `unit_not_written`.
 */
export function writeBackupUnits(
  { env }: Pick<Context, 'env'>,
  program: readonly string[],
  { AUTHSVC_DATA_DIR }: Readonly<Record<string, string>>,
  options: BackupOptions,
) {
  if (options.backup === undefined) return undefined;
  const [folder, keep] = [resolve(options.backup), readKeep(options.keep)];
  const { service, timer } = formatBackupUnits({
    program,
    environment: { ...(AUTHSVC_DATA_DIR !== undefined && { AUTHSVC_DATA_DIR }) },
    folder,
    keep,
    // It may name the data folder, too.
    serviceLines: ['EnvironmentFile=-%E/authsvc/environment'],
  });
  const json = {
    service: join(systemdUserFolder(env), 'authsvc-backup.service'),
    timer: join(systemdUserFolder(env), 'authsvc-backup.timer'),
    folder,
    keep,
  };
  writeUnit(json.service, service);
  writeUnit(json.timer, timer);
  return {
    json,
    lines: ['', service.trimEnd(), '', timer.trimEnd()],
    enable: shell`systemctl --user enable --now authsvc-backup.timer`,
  };
}
