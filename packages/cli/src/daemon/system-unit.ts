import { dirname, resolve } from 'node:path';
import type { Config } from '@authsvc/server';
import { SYSTEM_BACKUPS, SYSTEM_DATA_FOLDER } from './system-places.ts';
import { formatCommand, formatEnvironment, LIFE, quoteAssignment, RESTRICTIONS } from './systemd-unit.ts';

export interface SystemUnit {
  /** The program and its arguments; absolute paths. */
  readonly command: readonly string[];
  readonly user: string;
  readonly group: string;
  readonly environment: Readonly<Record<string, string>>;
  /** Files of secrets by setting, such as `AUTHSVC_SMTP_URL`; absolute paths. */
  readonly secretFiles: Readonly<Record<string, string>>;
  /** Folders outside of the data folder that the service writes to. */
  readonly writable: readonly string[];
  /** Whether it listens on a port below 1024. */
  readonly hasLowPort: boolean;
}

/** Restrictions that only the system's own manager can always apply. */
const SYSTEM_RESTRICTIONS = `ProtectSystem=strict
ProtectHome=yes
PrivateTmp=yes
PrivateDevices=yes
DevicePolicy=closed
ProtectClock=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectControlGroups=yes
ProtectProc=invisible
ProcSubset=pid
PrivateIPC=yes
RemoveIPC=yes
KeyringMode=private
SystemCallFilter=~@privileged`;

const LOW_PORT = 'CAP_NET_BIND_SERVICE';

/**
 * Format a unit of the system's manager, which runs the service as a user of its own.
 *
 * systemd reads the secrets as root, and gives the service copies that only it can read. The
 * service itself reports a folder that is missing: the leading `-` lets it start.
 *
 * @see systemd.exec(5), "Sandboxing" and "Credentials"
 */
export function formatSystemUnit(unit: SystemUnit): string {
  const { command, user, group, environment, secretFiles, writable, hasLowPort } = unit;
  return `# Written by: authsvc daemon install --system
# Change a setting in /etc/authsvc/environment, or the unit with: systemctl edit authsvc
[Unit]
Description=authsvc: email and password accounts
Wants=network-online.target
After=network-online.target postgresql.service
StartLimitIntervalSec=60
StartLimitBurst=5

[Service]
Type=exec
User=${user}
Group=${group}
${formatCommand(command)}
StateDirectory=authsvc
StateDirectoryMode=0700
WorkingDirectory=%S/authsvc
${formatEnvironment({ AUTHSVC_DATA_DIR: SYSTEM_DATA_FOLDER, ...environment })}${formatSecrets(secretFiles)}# Further settings, a NAME=value a line: a file for root alone, chmod 600. A leading - means that it may be missing.
EnvironmentFile=-%E/authsvc/environment
${LIFE}
CapabilityBoundingSet=${hasLowPort ? LOW_PORT : ''}
AmbientCapabilities=${hasLowPort ? LOW_PORT : ''}
${RESTRICTIONS}
${SYSTEM_RESTRICTIONS}
${writable.map((folder) => `ReadWritePaths=${quoteAssignment(`-${folder}`)}\n`).join('')}
[Install]
WantedBy=multi-user.target
`;
}

/** `%d` is the folder of a unit's credentials. */
function formatSecrets(secretFiles: SystemUnit['secretFiles']): string {
  return Object.entries(secretFiles)
    .map(
      ([name, path]) => `LoadCredential=${name}:${path.replaceAll('%', '%%')}\nEnvironment="${name}_FILE=%d/${name}"\n`,
    )
    .join('');
}

/** Folders that the restrictions hide from the service. */
const HIDDEN = ['/home', '/root', '/run/user', '/tmp', '/var/tmp'];

/** The folder of {@link HIDDEN} that a path is in, if any. */
export function findHidden(path: string): string | undefined {
  return HIDDEN.find((folder) => path === folder || path.startsWith(`${folder}/`));
}

/** The folders of backups, a database file and mails, if they are outside of the data folder. */
export function foldersToWrite(
  { database, mailFolder }: Pick<Config, 'database' | 'mailFolder'>,
  backups: string = SYSTEM_BACKUPS,
): string[] {
  const folders = [
    resolve(backups),
    ...(database.kind === 'sqlite' ? [dirname(database.path)] : []),
    ...(mailFolder === undefined ? [] : [mailFolder]),
  ];
  return [...new Set(folders)].filter((folder) => !`${folder}/`.startsWith(`${SYSTEM_DATA_FOLDER}/`));
}
