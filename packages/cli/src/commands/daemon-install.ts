import { realpathSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command, Option } from 'commander';
import { CliError } from '../cli-error.ts';
import type { Context } from '../context.ts';
import { locateDaemon } from '../daemon/local-daemon.ts';
import { exitStatus } from '../exit-status.ts';
import type { GlobalOptions } from '../global-options.ts';
import { createTerminal } from '../terminal.ts';
import { formatHelp } from './help-text.ts';

interface InstallOptions extends GlobalOptions {
  readonly resetDelivery: string;
}

const help = formatHelp({
  examples: [
    ['authsvc daemon install --reset-delivery operator', 'writes a systemd unit for this user, and prints it'],
    [
      'authsvc daemon install --reset-delivery response',
      "for a developer's own machine: reset tokens go to whoever asks",
    ],
  ],
  json: ['{"unit":"/home/ada/.config/systemd/user/authsvc.service","reset_delivery":"operator"}'],
});

/** `authsvc daemon install` */
export function createInstallCommand(context: Context): Command {
  return new Command('install')
    .description('Have systemd run it for this user')
    .addOption(
      new Option('--reset-delivery <how>', 'who is given reset tokens (AUTHSVC_RESET_DELIVERY)')
        .choices(['response', 'smtp', 'operator'])
        .makeOptionMandatory(),
    )
    .addHelpText('after', help)
    .action(async (_, command: Command) => {
      await install(context, command.optsWithGlobals<InstallOptions>());
    });
}

async function install(context: Context, options: InstallOptions): Promise<void> {
  const { env, platform } = context;
  const terminal = await createTerminal(context, options);
  if (platform !== 'linux') throw noSystemd();
  const { formatSystemdUnit, systemdUserFolder } = await import('../daemon/systemd-unit.ts');
  const { writeUnit } = await import('../daemon/write-unit.ts');

  const program = realpathSync(fileURLToPath(new URL('../../bin/authsvc.js', import.meta.url)));
  const text = formatSystemdUnit({
    command: [process.execPath, program, 'serve'],
    environment: {
      ...(env.AUTHSVC_DATA_DIR && { AUTHSVC_DATA_DIR: locateDaemon(context).dataFolder }),
      AUTHSVC_RESET_DELIVERY: options.resetDelivery,
    },
  });
  const path = join(systemdUserFolder(env), 'authsvc.service');
  writeUnit(path, text);

  terminal.printJson({ unit: path, reset_delivery: options.resetDelivery });
  terminal.printLines(text.trimEnd());
  const { cyan } = terminal.notePaint;
  terminal.succeed(
    `Wrote ${path}`,
    ...(options.resetDelivery === 'smtp' ? [`Put AUTHSVC_SMTP_URL=… into ${environmentFile(env)}, mode 600`] : []),
    `Run it now and at every login: ${cyan('systemctl --user daemon-reload && systemctl --user enable --now authsvc')}`,
    `Also while you are logged out: ${cyan('loginctl enable-linger')}`,
    `Its log: ${cyan('journalctl --user -u authsvc -f')}`,
  );
}

function environmentFile(env: Context['env']): string {
  return join(env.XDG_CONFIG_HOME || '~/.config', 'authsvc', 'environment');
}

function noSystemd(): CliError {
  return new CliError({
    status: exitStatus.unexpected,
    code: 'no_systemd',
    what: 'There is no systemd on this system',
    why: 'Have its own service manager run the service in the foreground.',
    next: { say: 'The command to run', command: 'authsvc serve' },
  });
}
