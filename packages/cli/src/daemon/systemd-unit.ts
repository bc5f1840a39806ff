import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import type { Context } from '../context.ts';
import { CliError, describePathFailure } from '../errors.ts';
import { exitStatus } from '../exit-status.ts';

interface SystemdUnit {
  /** The program and its arguments; absolute paths. */
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
}

/**
 * The folder of this user's units: `$XDG_CONFIG_HOME/systemd/user`, by default
 * `~/.config/systemd/user`.
 *
 * @see systemd.unit(5)
 */
export function systemdUserFolder({ XDG_CONFIG_HOME: configHome, HOME: home = '' }: Context['env']): string {
  return join(configHome && isAbsolute(configHome) ? configHome : join(home, '.config'), 'systemd', 'user');
}

/** Restrictions that need no namespace, so that a user's own manager can apply them too. */
export const RESTRICTIONS = `UMask=0077
LimitCORE=0
NoNewPrivileges=yes
LockPersonality=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
RestrictNamespaces=yes
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallErrorNumber=EPERM`;

/** How the service is started again, and stopped. */
export const LIFE = `Restart=on-failure
RestartSec=1
# 2: a setting is wrong, and will be wrong again.
RestartPreventExitStatus=2
TimeoutStopSec=15
KillMode=mixed`;

/**
 * Format a unit that runs the service in the foreground for one user.
 *
 * `MemoryDenyWriteExecute` is left out: V8 compiles at run time.
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
${formatCommand(command)}
${formatEnvironment(environment)}# Further settings, a NAME=value a line: a file for you alone, chmod 600. A leading - means that it may be missing.
EnvironmentFile=-%E/authsvc/environment
${LIFE}
${RESTRICTIONS}

[Install]
WantedBy=default.target
`;
}

/** The line that starts a program; its path is absolute. */
export function formatCommand(command: readonly string[]): string {
  return `ExecStart=${command.map(quoteArgument).join(' ')}`;
}

/** A line for each variable, with its end. */
export function formatEnvironment(environment: Readonly<Record<string, string>>): string {
  return Object.entries(environment)
    .map(([name, value]) => `Environment=${quoteAssignment(`${name}=${value}`)}\n`)
    .join('');
}

/** `%` starts a specifier and `$` a variable of systemd. */
export function quoteArgument(text: string): string {
  return quoteAssignment(text).replaceAll('$', '$$$$');
}

/** A value cannot span lines; within quotes systemd reads C escapes. */
export function quoteAssignment(text: string): string {
  const escaped = text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('%', '%%');
  return `"${escaped.replace(/\p{Cc}/gu, escapeControl)}"`;
}

function escapeControl(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

/** Other variables that a connection to PostgreSQL uses. */
const POSTGRES_VARIABLES = ['PGUSER', 'PGPASSWORD'];
const PATHS = ['AUTHSVC_DATA_DIR', 'AUTHSVC_MAIL_DIR'];

/**
 * Split the settings of an environment into those that a unit may hold, and those it may not, since
 * every user can read it.
 */
export async function carrySettings({ env }: Pick<Context, 'env'>) {
  const { settings } = await import('@authsvc/server');
  const { resolveDataFolder } = await import('@authsvc/client/folders');
  const byName = new Map(Object.values(settings).map((one) => [one.name as string, 'secret' in one]));
  const carried: Record<string, string> = {};
  // Settings that are not copied into the unit, and what to do about them.
  const left: { name: string; why: string }[] = [];

  // systemd does not know where this shell keeps its data.
  const { HOME } = env;
  const dataFolder = resolveDataFolder(env);
  if (dataFolder !== resolveDataFolder({ HOME })) carried.AUTHSVC_DATA_DIR = dataFolder;

  for (const [name, value] of Object.entries(env).sort(([one], [other]) => (one < other ? -1 : 1))) {
    if (!value || !name.startsWith('AUTHSVC_') || name === 'AUTHSVC_DATA_DIR') continue;
    const setting = name.replace(/_FILE$/, '');
    if (name !== setting && byName.get(setting)) carried[name] = resolve(value);
    else if (!byName.has(name)) left.push({ name, why: 'is no setting of the service' });
    else if (byName.get(name) && holdsSecret(value)) left.push({ name, why: secretRemedy(name) });
    else carried[name] = asUnitHasIt(name, value);
  }
  if (/^postgres/.test(env.AUTHSVC_DATABASE_URL ?? '') || env.AUTHSVC_DATABASE_URL_FILE) {
    for (const name of POSTGRES_VARIABLES) if (env[name]) left.push({ name, why: 'goes into the file below' });
  }
  return { carried, left };
}

function secretRemedy(name: string): string {
  return `holds a secret: put it into a file of mode 600, set ${name}_FILE to its path, and install again`;
}

/** Whether a URL holds a password, also in its query; what is not a URL may be a secret. */
function holdsSecret(value: string): boolean {
  if (value.startsWith('sqlite:')) return false;
  if (!URL.canParse(value)) return true;
  const { password, searchParams } = new URL(value);
  return password !== '' || searchParams.has('password');
}

/** systemd starts the service in another folder. */
function asUnitHasIt(name: string, value: string): string {
  if (PATHS.includes(name)) return resolve(value);
  const [, file] = /^sqlite:([^:].*)$/.exec(name === 'AUTHSVC_DATABASE_URL' ? value : '') ?? [];
  return file === undefined ? value : `sqlite:${resolve(file)}`;
}

/**
 * Write or replace a unit atomically.
 *
 * @throws {@link CliError} `unit_not_written`.
 */
export function writeUnit(path: string, text: string): void {
  try {
    mkdirSync(dirname(path), { recursive: true });
    const unfinished = `${path}.${process.pid}.tmp`;
    writeFileSync(unfinished, text, { mode: 0o644 });
    renameSync(unfinished, path);
  } catch (error) {
    throw notWritten(path, error);
  }
}

function notWritten(path: string, cause: unknown): CliError {
  return new CliError({
    status: exitStatus.unexpected,
    code: 'unit_not_written',
    what: `${path} cannot be written`,
    ...describePathFailure(path, cause, 'Name another folder with XDG_CONFIG_HOME'),
    cause,
  });
}
