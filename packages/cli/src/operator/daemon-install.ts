import { realpathSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { shell } from '@authsvc/client/shell-command';
import type { Config } from '@authsvc/server';
import { Command, Option } from 'commander';
import type { Context } from '../context.ts';
import { readSettings } from '../daemon/read-settings.ts';
import { carrySettings, formatSystemdUnit, systemdUserFolder, writeUnit } from '../daemon/systemd-unit.ts';
import { CliError, usageError } from '../errors.ts';
import { exitStatus } from '../exit-status.ts';
import type { GlobalOptions } from '../global-options.ts';
import { formatHelp } from '../terminal/help-text.ts';
import { createTerminal } from '../terminal/terminal.ts';
import { KEPT_BACKUPS } from './backup.ts';
import { assertCanBackUp, type BackupOptions, writeBackupUnits } from './daemon-install-backup.ts';

const SYSTEM_USER = 'authsvc';

interface InstallOptions extends GlobalOptions, BackupOptions {
  readonly resetDelivery: string;
  readonly system?: boolean;
  readonly user?: string;
}

const help = formatHelp({
  examples: [
    ['authsvc daemon install --reset-delivery operator', 'writes a systemd unit for this user, and prints it'],
    [
      'authsvc daemon install --reset-delivery response',
      "for a developer's own machine: reset tokens are returned in responses",
    ],
    [
      'authsvc daemon install --reset-delivery operator --backup /var/backups/authsvc',
      'with a timer that makes a backup every night',
    ],
    [
      'authsvc daemon install --system --reset-delivery operator',
      'as root: writes a unit of the system, which runs it at every boot as a user of its own',
    ],
  ],
  json: [
    '{"unit":"/home/ada/.config/systemd/user/authsvc.service","reset_delivery":"operator","settings":["AUTHSVC_LISTEN_PORT","AUTHSVC_RESET_DELIVERY"],"left_out":["AUTHSVC_SMTP_URL"]}',
    '{"unit":"/home/ada/.config/systemd/user/authsvc.service","reset_delivery":"operator","settings":["AUTHSVC_RESET_DELIVERY"],"left_out":[],"backup":{"service":"/home/ada/.config/systemd/user/authsvc-backup.service","timer":"/home/ada/.config/systemd/user/authsvc-backup.timer","folder":"/var/backups/authsvc","keep":14}}',
    'settings names those of this environment that the unit holds; left_out names those that it does not hold, such as secrets',
  ],
});

/** `authsvc daemon install` */
export function createInstallCommand(context: Context): Command {
  return new Command('install')
    .description('Have systemd run it, for this user or for the whole machine')
    .addOption(
      new Option('--reset-delivery <how>', 'how reset tokens are delivered (AUTHSVC_RESET_DELIVERY)')
        .choices(['response', 'smtp', 'operator'])
        .makeOptionMandatory(),
    )
    .option('--backup <folder>', 'also make a backup in this folder every night, by a timer')
    .option('--keep <n>', `how many backups to keep there (default: ${KEPT_BACKUPS})`)
    .option('--system', 'run it for the whole machine; as root')
    .option('--user <name>', `with --system: the user that runs it (default: "${SYSTEM_USER}")`)
    .addHelpText('after', help)
    .action(async (_, command: Command) => {
      await install(context, command.optsWithGlobals<InstallOptions>());
    });
}

async function install(context: Context, options: InstallOptions): Promise<void> {
  const { env, platform } = context;
  const terminal = await createTerminal(context, options);
  if (platform !== 'linux') throw noSystemd();
  if (options.user !== undefined && !options.system) throw usageError('--user needs --system');
  const config = await assertValid(context, {
    ...env,
    AUTHSVC_RESET_DELIVERY: options.resetDelivery,
    ...(options.system && { AUTHSVC_DATA_DIR: context.system.dataFolder }),
  });
  assertCanBackUp(options, config.database);
  const { carried, left } = await carrySettings(context);
  const environment = { ...carried, AUTHSVC_RESET_DELIVERY: options.resetDelivery };
  const program = realpathSync(fileURLToPath(new URL('../../bin/authsvc.js', import.meta.url)));
  const authsvc = [process.execPath, program];
  if (options.system) {
    const { installForSystem } = await import('./daemon-install-system.ts');
    installForSystem(context, terminal, {
      authsvc,
      user: options.user ?? SYSTEM_USER,
      config,
      environment,
      left,
      backup: options,
      needsMailServer: needsMailServer(env, options.resetDelivery),
    });
    return;
  }
  const text = formatSystemdUnit({ command: [...authsvc, 'serve'], environment });
  const unitFolder = systemdUserFolder(env);
  const path = join(unitFolder, 'authsvc.service');
  writeUnit(path, text);
  const backup = writeBackupUnits({ unitFolder, program: authsvc, environment }, options);

  const settings = Object.keys(environment).sort();
  const left_out = left.map(({ name }) => name);
  terminal.printJson({
    unit: path,
    reset_delivery: options.resetDelivery,
    settings,
    left_out,
    ...(backup && { backup: backup.json }),
  });
  terminal.printLines(text.trimEnd(), ...(backup?.lines ?? []));
  for (const { name, why } of left) terminal.warn(`${name} is not in the unit: it ${why}`);
  const { cyan } = terminal.notePaint;
  terminal.succeed(
    `Wrote ${path}`,
    `Settings in it: ${settings.join(', ')}`,
    ...(needsMailServer(env, options.resetDelivery)
      ? [`Put AUTHSVC_SMTP_URL=… into ${environmentFile(env)}, mode 600`]
      : []),
    `Run it now and at every login: ${cyan(shell`systemctl --user daemon-reload && systemctl --user enable --now authsvc`)}`,
    ...(backup ? [`Back up every night: ${cyan(shell`systemctl --user enable --now authsvc-backup.timer`)}`] : []),
    `Also while you are logged out: ${cyan(shell`loginctl enable-linger`)}`,
    `Its log: ${cyan(shell`journalctl --user -u authsvc -f`)}`,
  );
}

/**
 * Refuse settings that would keep the service from starting; the file beside the unit may still
 * name a mail server.
 *
 * @throws {@link CliError} `usage`, after writing every problem to standard error.
 */
async function assertValid({ stderr }: Context, env: Context['env']): Promise<Config> {
  const isMissing = needsMailServer(env, env.AUTHSVC_RESET_DELIVERY);
  const complete = { ...env, ...(isMissing && { AUTHSVC_SMTP_URL: 'smtp://127.0.0.1' }) };
  const { config, problems } = await readSettings({ env: complete });
  if (config) return config;
  if (problems.length > 1) stderr.write(problems.map((line) => `${line}\n`).join(''));
  throw usageError('The service would not start with the settings of this environment, and no unit was written', {
    why: `${problems[0]}.`,
  });
}

function needsMailServer(env: Context['env'], resetDelivery: string | undefined): boolean {
  return resetDelivery === 'smtp' && !env.AUTHSVC_SMTP_URL && !env.AUTHSVC_SMTP_URL_FILE && !env.AUTHSVC_MAIL_DIR;
}

function environmentFile(env: Context['env']): string {
  return join(env.XDG_CONFIG_HOME || '~/.config', 'authsvc', 'environment');
}

function noSystemd(): CliError {
  return new CliError({
    status: exitStatus.unexpected,
    code: 'no_systemd',
    what: 'There is no systemd on this system',
    why: "Let the system's own service manager run the service in the foreground.",
    next: { say: 'The command to run', command: shell`authsvc serve` },
  });
}
