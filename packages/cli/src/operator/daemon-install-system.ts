import { execFileSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { shell } from '@authsvc/client/shell-command';
import type { Config } from '@authsvc/server';
import type { Context } from '../context.ts';
import { findHidden, foldersToWrite, formatSystemUnit } from '../daemon/system-unit.ts';
import { writeUnit } from '../daemon/systemd-unit.ts';
import { CliError, usageError } from '../errors.ts';
import { exitStatus } from '../exit-status.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { type BackupOptions, writeBackupUnits } from './daemon-install-backup.ts';

/** Of the nightly backup, which only asks the daemon for it. */
const CLIENT_RESTRICTIONS = ['ProtectSystem=strict', 'ProtectHome=yes', 'PrivateTmp=yes'];

interface SystemInstall {
  /** The program without its arguments; absolute paths. */
  readonly authsvc: readonly string[];
  readonly user: string;
  readonly config: Config;
  readonly environment: Readonly<Record<string, string>>;
  /** Settings of this environment that no unit may hold. */
  readonly left: readonly { readonly name: string; readonly why: string }[];
  readonly backup: BackupOptions;
  readonly needsMailServer: boolean;
}

/** `authsvc daemon install --system` */
export function installForSystem({ env, system }: Context, terminal: Terminal, install: SystemInstall): void {
  const { authsvc, user, config, left } = install;
  const { AUTHSVC_DATA_DIR: dataFolder, ...settings } = install.environment;
  const account = findAccount(user);
  const writable = foldersToWrite(config, install.backup.backup);
  for (const path of authsvc) assertReachable(path, user, account);
  for (const path of writable) assertNotHidden(path, 'Name a folder that is not in /home, /root or /tmp');
  if (system.userId() !== 0) throw notRoot(env, system.unit, install);

  const isSecret = ([name]: [string, string]) => name.endsWith('_FILE');
  const entries = Object.entries(settings);
  const group = account?.group ?? user;
  const text = formatSystemUnit({
    command: [...authsvc, 'serve'],
    user,
    group,
    environment: Object.fromEntries(entries.filter((entry) => !isSecret(entry))),
    secretFiles: Object.fromEntries(entries.filter(isSecret).map(([name, path]) => [name.replace(/_FILE$/, ''), path])),
    writable,
    hasLowPort: [config.listenPort, config.metricsAddress?.port ?? 0].some((port) => port > 0 && port < 1024),
  });
  writeUnit(system.unit, text);
  const backup = writeBackupUnits(
    {
      unitFolder: dirname(system.unit),
      program: authsvc,
      environment: { AUTHSVC_DATA_DIR: system.dataFolder },
      serviceLines: [`User=${user}`, `Group=${group}`, ...CLIENT_RESTRICTIONS],
    },
    install.backup,
  );

  const names = ['AUTHSVC_DATA_DIR', ...Object.keys(settings)].sort();
  const elsewhere = dataFolder !== undefined && dataFolder !== system.dataFolder;
  const all = elsewhere ? [{ name: 'AUTHSVC_DATA_DIR', why: keeps(dataFolder, system.dataFolder) }, ...left] : left;
  terminal.printJson({
    unit: system.unit,
    reset_delivery: settings.AUTHSVC_RESET_DELIVERY,
    settings: names,
    left_out: all.map(({ name }) => name),
    ...(backup && { backup: backup.json }),
  });
  terminal.printLines(text.trimEnd(), ...(backup?.lines ?? []));
  for (const { name, why } of all) terminal.warn(`${name} is not in the unit: it ${why}`);
  const { cyan } = terminal.notePaint;
  const home = system.dataFolder;
  terminal.succeed(
    `Wrote ${system.unit}`,
    `Settings in it: ${names.join(', ')}`,
    ...(install.needsMailServer ? [`Put AUTHSVC_SMTP_URL=… into ${system.settings}, mode 600`] : []),
    ...(account
      ? []
      : [
          `Make its user: ${cyan(shell`useradd --system --user-group --home-dir ${home} --no-create-home --shell /usr/sbin/nologin ${user}`)}`,
        ]),
    ...writable
      .filter((folder) => !existsSync(folder))
      .map((folder) => `Make a folder that it writes to: ${cyan(shell`install -d -o ${user} -m 700 ${folder}`)}`),
    `Run it now and at every boot: ${cyan(shell`systemctl daemon-reload && systemctl enable authsvc && systemctl restart authsvc`)}`,
    ...(backup ? [`Back up every night: ${cyan(shell`systemctl enable --now authsvc-backup.timer`)}`] : []),
    `Its log: ${cyan(shell`journalctl -u authsvc -f`)}`,
    `Look at it: ${cyan(shell`authsvc daemon status`)}`,
  );
}

function keeps(named: string, folder: string): string {
  return `names ${named}, and a service of the system keeps its data in ${folder}`;
}

interface Account {
  readonly uid: number;
  readonly gid: number;
  readonly group: string;
}

/**
 * @returns `undefined` when this machine has no such user.
 * @throws {@link CliError} `usage`: a name that no user can have, or one with root's rights.
 */
function findAccount(user: string): Account | undefined {
  if (!/^[a-z_][a-z0-9_-]{0,30}$/.test(user)) throw usageError('--user is not the name of a user');
  const ask = (option: string) => execFileSync('id', [option, user], { encoding: 'utf8', stdio: 'pipe' }).trim();
  let account: Account;
  try {
    account = { uid: Number(ask('-u')), gid: Number(ask('-g')), group: ask('-gn') };
  } catch {
    return undefined;
  }
  if (account.uid === 0) throw usageError('The service needs no rights of root: name another user with --user');
  return account;
}

/**
 * Refuse a program that the service's user could not run.
 *
 * @throws {@link CliError} `path_unreachable`.
 */
function assertReachable(path: string, user: string, account: Account | undefined): void {
  const say = 'Have it where every user can read it, such as in /opt, /usr/local or /srv';
  assertNotHidden(path, say);
  const closed = [path, ...foldersAbove(path)].find((one) => !mayUse(one, one === path ? 4 : 1, account));
  if (closed === undefined) return;
  throw unreachable(path, `${closed} is closed to the user ${user}.`, say);
}

/** The service does not see the folders of people, nor this machine's temporary files. */
function assertNotHidden(path: string, say: string): void {
  const folder = findHidden(path);
  if (folder !== undefined) throw unreachable(path, `The unit closes ${folder} to it.`, say);
}

function unreachable(path: string, why: string, say: string): CliError {
  return new CliError({
    status: exitStatus.unexpected,
    code: 'path_unreachable',
    what: `${path} is out of reach for a service of the system, and no unit was written`,
    why,
    next: { say },
  });
}

/** @param bit 4 to read, 1 to enter. */
function mayUse(path: string, bit: 1 | 4, account: Account | undefined): boolean {
  const { mode, uid, gid } = statSync(path);
  if (account?.uid === uid) return (mode & (bit << 6)) !== 0;
  return (mode & (account?.gid === gid ? bit << 3 : bit)) !== 0;
}

function foldersAbove(path: string): string[] {
  const above = dirname(path);
  return above === path ? [] : [above, ...foldersAbove(above)];
}

/** What to type: sudo drops settings unless each is named, and names are no secret. */
function notRoot(env: Context['env'], unit: string, { user, environment }: SystemInstall): CliError {
  const names = Object.keys(env).filter((name) => /^(AUTHSVC_|PGUSER$|PGPASSWORD$)/.test(name) && env[name]);
  const { AUTHSVC_RESET_DELIVERY: delivery = '' } = environment;
  return new CliError({
    status: exitStatus.unexpected,
    code: 'not_root',
    what: `Only root can write ${unit}`,
    next: {
      say: 'As root',
      command:
        names.length === 0
          ? shell`sudo authsvc daemon install --system --user ${user} --reset-delivery ${delivery}`
          : shell`sudo --preserve-env=${names.sort().join(',')} authsvc daemon install --system --user ${user} --reset-delivery ${delivery}`,
    },
  });
}
