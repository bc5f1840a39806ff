import { resolveStateFolder } from '@authsvc/client/folders';
import { Command } from 'commander';
import { chooseServer } from '../connection/prepare-command.ts';
import type { Context } from '../context.ts';
import type { NamedFinding } from '../doctor/examine.ts';
import { findingToJson, formatFindings } from '../doctor/format-findings.ts';
import { exitStatus } from '../exit-status.ts';
import type { GlobalOptions } from '../global-options.ts';
import { readAccountIndex } from '../session-store/account-index.ts';
import { formatHelp } from '../terminal/help-text.ts';
import { createTerminal } from '../terminal/terminal.ts';

const help = formatHelp({
  examples: [
    ['authsvc doctor', 'checks for common problems, and says how to fix them'],
    ['authsvc doctor --json | jq ".checks[] | select(.state != \\"ok\\")"', 'what needs fixing'],
    ['AUTHSVC_DATA_DIR=/srv/shop authsvc doctor', 'the same for the daemon with that data folder'],
  ],
  json: [
    '{"ok":true,"checks":[{"name":"daemon","state":"warning","message":"not running","remedy":"authsvc daemon start"}]}',
    'state is "ok", "warning" or "problem"; remedy is null where there is none; ok is false, and the exit status 1, when there is a problem; the names are node, keychain, sessions, data_folder, disk, daemon, clock, port, database, backup, reset_delivery and settings, and one may come more than once, or not at all where it does not apply',
  ],
});

/** `authsvc doctor` */
export function createCommand(context: Context, endWith: (status: number) => void): Command {
  return new Command('doctor')
    .description('Look for common problems')
    .addHelpText('after', help)
    .action(async (_, command: Command) => {
      const options = command.optsWithGlobals<GlobalOptions>();
      const terminal = await createTerminal(context, options);
      const { checkLabels, examine } = await import('../doctor/examine.ts');
      const findings = await examine(context, serverMeant(context, options));
      const isWell = findings.every(({ state }) => state !== 'problem');
      terminal.printJson({ ok: isWell, checks: findings.map(findingToJson) });
      terminal.printLines(
        ...formatFindings(findings, checkLabels, terminal, context.stdout.columns),
        '',
        summarize(findings),
      );
      if (!isWell) endWith(exitStatus.unexpected);
    });
}

/** An index that cannot be read is a finding of its own, and stops no other check. */
function serverMeant({ env, platform }: Context, options: GlobalOptions): string {
  return chooseServer(env, options, () => {
    try {
      return readAccountIndex(resolveStateFolder(env, platform));
    } catch {
      return { current: null, accounts: [] };
    }
  });
}

function summarize(findings: readonly NamedFinding[]): string {
  const count = (wanted: NamedFinding['state']) => findings.filter(({ state }) => state === wanted).length;
  const plural = (number: number, word: string) => `${number} ${word}${number === 1 ? '' : 's'}`;
  const [problems, warnings] = [count('problem'), count('warning')];
  if (problems + warnings === 0) return 'All is well.';
  if (problems === 0) return `All works; ${plural(warnings, 'warning')}.`;
  return `${plural(problems, 'problem')}, ${plural(warnings, 'warning')}.`;
}
