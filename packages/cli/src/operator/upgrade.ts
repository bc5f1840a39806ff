import { shell } from '@authsvc/client/shell-command';
import { Command } from 'commander';
import type { Context } from '../context.ts';
import { findingToJson, formatFindings } from '../doctor/format-findings.ts';
import { explainRefusal, usageError } from '../errors.ts';
import { exitStatus } from '../exit-status.ts';
import type { GlobalOptions } from '../global-options.ts';
import { formatHelp } from '../terminal/help-text.ts';
import { createTerminal } from '../terminal/terminal.ts';
import { readVersion } from '../version.ts';

interface UpgradeOptions extends GlobalOptions {
  readonly check?: boolean;
  readonly backup?: string;
}

const help = formatHelp({
  examples: [
    ['authsvc upgrade --check', 'with the new version, while the old one still serves'],
    ['authsvc upgrade --check --backup before-upgrade.db', 'with a backup that version 1.0.0 made'],
  ],
  json: [
    '{"ok":true,"version":"1.1.0","database":"sqlite:/srv/auth/authsvc.db","migrations":["0003-one-time-tokens"],"trial":{"seconds":1.25,"bytes":131072},"backup":{"path":"/backups/accounts.db","at":"2026-01-31T22:00:00.000Z"},"checks":[{"name":"backup","state":"ok","message":"/backups/accounts.db was made 4 hours ago","remedy":null}]}',
    'migrations are those that the database lacks; trial is null where none was made, and backup where none is known; checks are as those of authsvc doctor, with the names migrations, trial and backup',
    'the exit status is 0 when there is nothing to upgrade, or no problem was found, and 5 when there is a problem',
  ],
});

/** `authsvc upgrade` */
export function createCommand(context: Context, endWith: (status: number) => void): Command {
  return new Command('upgrade')
    .description(
      'Check what this version will do to the database before its daemon does it: which migrations, how long they take on a copy, and whether a backup is less than a day old. The database itself is only read; the daemon of the old version may run.',
    )
    .option('--check', 'check, and change nothing')
    .option('--backup <file>', 'a backup that the daemon does not remember')
    .addHelpText('after', help)
    .action((_, command: Command) => upgrade(context, command.optsWithGlobals<UpgradeOptions>(), endWith));
}

async function upgrade(context: Context, options: UpgradeOptions, endWith: (status: number) => void): Promise<void> {
  if (!options.check) {
    throw usageError('--check is required', {
      why: 'A daemon of this version migrates its database when it starts.',
      next: { say: 'See what it will do', command: shell`authsvc upgrade --check` },
    });
  }
  const terminal = await createTerminal(context, options);
  process.umask(0o077);
  const { examineUpgrade, upgradeLabels } = await import('../doctor/check-upgrade.ts');
  const onProgress = (text: string) => terminal.showProgress(text);
  const report = await examineUpgrade(context, { backup: options.backup, onProgress }).catch((error: unknown) => {
    throw explainRefusal(error, 'database_refused');
  });
  const { database, missing, trial, backup = null, findings } = report;
  const problems = findings.filter(({ state }) => state === 'problem').length;
  terminal.printJson({
    ok: problems === 0,
    version: readVersion(),
    database,
    migrations: missing,
    trial: trial ? { seconds: Math.round(trial.tookMs) / 1000, bytes: trial.bytes } : null,
    backup,
    checks: findings.map(findingToJson),
  });
  const rows = formatFindings(findings, upgradeLabels, terminal, context.stdout.columns);
  terminal.printLines(...rows, '', summarize(problems, missing.length));
  if (problems > 0) endWith(exitStatus.refused);
}

function summarize(problems: number, missing: number): string {
  if (problems > 0) return `Not yet: ${problems} problem${problems === 1 ? '' : 's'}.`;
  if (missing === 0) return 'There is nothing to upgrade.';
  return `Ready for ${readVersion()}.`;
}
