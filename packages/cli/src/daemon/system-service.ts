import { existsSync, readFileSync, statSync } from 'node:fs';
import { dataPaths, resolveDataFolder } from '@authsvc/client/folders';
import { type ShellCommand, shell, shellWords } from '@authsvc/client/shell-command';
import { CliError } from '../errors.ts';
import { exitStatus } from '../exit-status.ts';
import type { SystemService } from './system-places.ts';

interface Machine {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly platform: NodeJS.Platform;
  readonly system: SystemService;
}

/**
 * Let a command of the operator use the system service's data folder, if the user has none: with
 * the service's settings and, if run as root, as the folder's owner. Root would leave files there
 * that the owner could not use.
 *
 * @param words the command and its subcommand.
 * @param argv the whole command line, to be shown again.
 * @throws {@link CliError} `daemon_forbidden`: the user is neither root nor the owner.
 */
export function actForSystemService<Known extends Machine>(
  context: Known,
  words: readonly string[],
  argv: readonly string[],
): Known {
  const { env, system } = context;
  const [first = '', second] = words;
  if (first === 'daemon' && second === 'install') return context;
  const owner = usesSystemFolder(context) ? statSync(system.dataFolder, { throwIfNoEntry: false }) : undefined;
  if (!owner) return context;
  const me = system.userId();
  if (me !== 0 && me !== owner.uid) {
    // It also examines what is the user's own.
    if (first === 'doctor') return context;
    throw notYours(system, argv);
  }
  const settings = readSystemSettings(system);
  const isOther = me !== owner.uid;
  if (isOther) system.become(owner);
  // Nothing of root's home is open to the owner.
  const home = isOther && { HOME: '/nonexistent', XDG_CONFIG_HOME: '', XDG_DATA_HOME: '', XDG_STATE_HOME: '' };
  return Object.create(context, {
    env: { value: { ...env, ...settings, ...home, AUTHSVC_DATA_DIR: system.dataFolder }, enumerable: true },
  }) as Known;
}

/**
 * Whether the data folder is the system service's: by name, or because the user has no other. Root
 * has one only while a daemon runs on it.
 */
function usesSystemFolder({ env, platform, system }: Machine): boolean {
  if (platform !== 'linux') return false;
  const own = resolveDataFolder(env, platform);
  if (own === system.dataFolder) return true;
  if (env.AUTHSVC_DATA_DIR) return false;
  const { database, lock, socket } = dataPaths(own, platform);
  // Root may have tried the service before it became one of the system.
  const signs = system.userId() === 0 ? [socket] : [database, lock];
  return !signs.some((path) => existsSync(path));
}

function notYours({ dataFolder }: SystemService, argv: readonly string[]): CliError {
  return new CliError({
    status: exitStatus.unreachable,
    code: 'daemon_forbidden',
    what: `The daemon of this machine, on ${dataFolder}, belongs to another user`,
    why: 'AUTHSVC_DATA_DIR names a data folder of your own.',
    next: { say: 'As its operator', command: shellWords('sudo', 'authsvc', ...argv) },
  });
}

/** Whether systemd runs the daemon of this data folder for the whole machine. */
export function isSystemService({ system }: Pick<Machine, 'system'>, dataFolder: string): boolean {
  return dataFolder === system.dataFolder && existsSync(system.unit);
}

/** The command that starts the daemon of a data folder. */
export function startCommand(context: Pick<Machine, 'system'>, dataFolder: string): ShellCommand {
  return isSystemService(context, dataFolder) ? shell`systemctl start authsvc` : shell`authsvc daemon start`;
}

/**
 * Refuse to start a daemon by hand beside the unit: systemd would not know of it, and it would not
 * have the unit's restrictions.
 *
 * @throws {@link CliError} `managed_by_systemd`.
 */
export function assertNotSystemService(
  context: Pick<Machine, 'system'>,
  dataFolder: string,
  verb: 'start' | 'restart',
): void {
  if (!isSystemService(context, dataFolder)) return;
  throw new CliError({
    status: exitStatus.refused,
    code: 'managed_by_systemd',
    what: `systemd runs the daemon of ${dataFolder}`,
    why: `Its unit is ${context.system.unit}.`,
    next: {
      say: verb === 'start' ? 'Start it' : 'Restart it',
      command: verb === 'start' ? shell`systemctl start authsvc` : shell`systemctl restart authsvc`,
    },
  });
}

/** Read the service's settings from its unit and the file beside it, as far as this user may. */
export function readSystemSettings({ unit, settings }: Pick<SystemService, 'unit' | 'settings'>) {
  const found: Record<string, string> = {};
  for (const line of readLines(unit)) {
    const [, name, value = ''] = /^Environment="(\w+)=(.*)"$/.exec(line) ?? [];
    if (name !== undefined && !value.startsWith('%d/')) found[name] = unquote(value);
    const [, secret, path = ''] = /^LoadCredential=(\w+):(.+)$/.exec(line) ?? [];
    const text = secret === undefined ? undefined : readIfAllowed(path.replaceAll('%%', '%'));
    if (secret !== undefined && text !== undefined) found[secret] = text.trim();
  }
  for (const line of readLines(settings)) {
    const [, name, value = ''] = /^\s*(\w+)=(.*?)\s*$/.exec(line) ?? [];
    if (name !== undefined) found[name] = value.replace(/^(["'])(.*)\1$/, '$2');
  }
  return found;
}

/** Undo what `quoteAssignment` does. */
function unquote(text: string): string {
  return text.replace(/%%|\\u([0-9a-f]{4})|\\(.)/g, (whole, code?: string, character?: string) => {
    if (whole === '%%') return '%';
    return code === undefined ? (character ?? '') : String.fromCharCode(Number.parseInt(code, 16));
  });
}

function readLines(path: string): string[] {
  return (readIfAllowed(path) ?? '').split('\n');
}

function readIfAllowed(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
