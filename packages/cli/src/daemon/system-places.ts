import type { Stats } from 'node:fs';

/** The data folder of the service that systemd runs for the whole machine. */
export const SYSTEM_DATA_FOLDER = '/var/lib/authsvc';
/** Its unit. */
const SYSTEM_UNIT = '/etc/systemd/system/authsvc.service';
/** Where its backups can go: its unit lets it write there. */
export const SYSTEM_BACKUPS = '/var/backups/authsvc';
/** Settings that are not in the unit, a NAME=value a line; may be missing. */
const SYSTEM_SETTINGS = '/etc/authsvc/environment';

/** What commands ask of this machine; tests make their own. */
export interface SystemService {
  readonly dataFolder: string;
  readonly unit: string;
  readonly settings: string;
  /** Of this process; `undefined` on Windows. */
  readonly userId: () => number | undefined;
  /** Give up root's rights for those of another user, for good. */
  readonly become: (user: Pick<Stats, 'uid' | 'gid'>) => void;
}

export const systemService: SystemService = {
  dataFolder: SYSTEM_DATA_FOLDER,
  unit: SYSTEM_UNIT,
  settings: SYSTEM_SETTINGS,
  userId: () => process.getuid?.(),
  become: ({ uid, gid }) => {
    process.setgroups?.([gid]);
    process.setgid?.(gid);
    process.setuid?.(uid);
  },
};
