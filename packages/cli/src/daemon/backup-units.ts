import { quoteArgument, quoteAssignment } from './systemd-unit.ts';

interface BackupUnits {
  /** The program without its arguments; absolute paths. */
  readonly program: readonly string[];
  /** Where the service keeps its data, if systemd would not know it. */
  readonly environment: Readonly<Record<string, string>>;
  readonly folder: string;
  readonly keep: number;
  /** Further lines of `[Service]`, such as `User=authsvc` of a system's unit. */
  readonly serviceLines?: readonly string[];
}

/**
 * Format a unit that makes one backup, and the timer that starts it every night.
 *
 * It waits for the service, which may still be starting: after a boot, the timer makes up for a
 * night that was missed.
 *
 * @see systemd.timer(5), systemd.service(5)
 */
export function formatBackupUnits({ program, environment, folder, keep, serviceLines = [] }: BackupUnits) {
  const line = (...args: readonly string[]) => [...program, ...args].map(quoteArgument).join(' ');
  const variables = Object.entries(environment).map(([name, value]) => quoteAssignment(`${name}=${value}`));
  const settings = [...variables.map((assignment) => `Environment=${assignment}`), ...serviceLines];
  const service = `# authsvc-backup.service, written by: authsvc daemon install
[Unit]
Description=Backup of authsvc
After=authsvc.service

[Service]
Type=oneshot
${settings.map((text) => `${text}\n`).join('')}ExecStartPre=${line('daemon', 'wait', '--timeout', '60')}
ExecStart=${line('backup', '--dir', folder, '--keep', String(keep))}
UMask=0077
Nice=10
NoNewPrivileges=yes
`;
  const timer = `# authsvc-backup.timer, written by: authsvc daemon install
[Unit]
Description=Backup of authsvc every night

[Timer]
OnCalendar=daily
Persistent=true
RandomizedDelaySec=1h

[Install]
WantedBy=timers.target
`;
  return { service, timer };
}
