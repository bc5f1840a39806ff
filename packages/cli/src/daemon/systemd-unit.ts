import { isAbsolute, join } from 'node:path';
import type { Context } from '../context.ts';

export interface SystemdUnit {
  /** The program and its arguments; absolute paths. */
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
}

/**
 * Where units of this user belong: `$XDG_CONFIG_HOME/systemd/user`, by default `~/.config/systemd/user`.
 *
 * @see systemd.unit(5)
 */
export function systemdUserFolder({ XDG_CONFIG_HOME: configHome, HOME: home = '' }: Context['env']): string {
  return join(configHome && isAbsolute(configHome) ? configHome : join(home, '.config'), 'systemd', 'user');
}

/**
 * Writes the text of a unit that runs the service in the foreground for one user.
 *
 * The restrictions are those that need no namespace, because a user's own manager may not be allowed any. `MemoryDenyWriteExecute` is not among them: the
 * engine of Node compiles while it runs.
 *
 * @see systemd.exec(5), systemd.service(5)
 */
export function formatSystemdUnit({ command, environment }: SystemdUnit): string {
  return `# Written by: authsvc daemon install
# Change it with: systemctl --user edit authsvc
[Unit]
Description=authsvc: email and password accounts
StartLimitIntervalSec=60
StartLimitBurst=5

[Service]
Type=exec
ExecStart=${command.map(quoteArgument).join(' ')}
${Object.entries(environment)
  .map(([name, value]) => `Environment=${quoteAssignment(`${name}=${value}`)}\n`)
  .join(
    '',
  )}# Further settings, a NAME=value a line: a file for you alone, chmod 600. A leading - means that it may be missing.
EnvironmentFile=-%E/authsvc/environment
Restart=on-failure
RestartSec=1
# 2: a setting is wrong, and will be wrong again.
RestartPreventExitStatus=2
TimeoutStopSec=15
KillMode=mixed
UMask=0077
LimitCORE=0
NoNewPrivileges=yes
LockPersonality=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
RestrictNamespaces=yes
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallErrorNumber=EPERM

[Install]
WantedBy=default.target
`;
}

/** `%` begins a specifier and `$` a variable of systemd's own. */
function quoteArgument(text: string): string {
  return quoteAssignment(text).replaceAll('$', '$$$$');
}

/** A line ends where it ends; within quotes systemd reads the escapes of C. */
function quoteAssignment(text: string): string {
  const escaped = text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('%', '%%');
  return `"${escaped.replace(/\p{Cc}/gu, escapeControl)}"`;
}

function escapeControl(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
