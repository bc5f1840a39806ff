import { Readable } from 'node:stream';
import type { ExportLine, ImportReport } from '@authsvc/client/contract';
import { Command, Option } from 'commander';
import type { Context } from '../context.ts';
import { refusal, streamLines } from '../daemon/ask-daemon.ts';
import { daemonLost, locateDaemon } from '../daemon/local-daemon.ts';
import { CliError } from '../errors.ts';
import { exitStatus } from '../exit-status.ts';
import type { GlobalOptions } from '../global-options.ts';
import { formatHelp } from '../terminal/help-text.ts';
import { createTerminal, toJson } from '../terminal/terminal.ts';
import { formatOf, type ImportFormat, importFormats, readUsers } from './read-users.ts';

interface ImportOptions extends GlobalOptions {
  readonly from?: ImportFormat;
  readonly dryRun?: boolean;
}

interface Refused {
  readonly line: number;
  readonly reason: string;
}

const importHelp = formatHelp({
  examples: [
    ['authsvc users import users.jsonl --dry-run', 'says what would happen, and writes nothing'],
    [
      'authsvc users import users.csv',
      'the first line names the columns (email, password_hash; if known, role, email_verified, created_at, disabled_at); then one line per account',
    ],
    ['authsvc users import --from flask-sqlite a.db', 'the users of the Flask service, with their passwords'],
  ],
  json: [
    '{"imported":9998,"exists":1,"refused":[{"line":17,"reason":"not a bcrypt hash ($2a$, $2b$ or $2y$)"}],"dry_run":false}',
    'exists counts accounts that were here already, which are not changed; the exit status is 5 if lines were refused',
  ],
});

/** `authsvc users import` */
export function createImportCommand(context: Context, endWith: (status: number) => void): Command {
  return new Command('import')
    .description('Import accounts with their bcrypt hashes; importing them again changes nothing')
    .argument('<file>', 'JSON Lines, CSV, or a database')
    .addOption(new Option('--from <format>', 'what the file is, if its name does not tell').choices(importFormats))
    .option('--dry-run', 'write nothing')
    .addHelpText('after', importHelp)
    .action(async (file: string, _, command: Command) => {
      const refused = await importUsers(context, file, command.optsWithGlobals<ImportOptions>());
      if (refused > 0) endWith(exitStatus.refused);
    });
}

interface ExportOptions extends GlobalOptions {
  readonly withFactors?: boolean;
}

/** All but the closing brace. */
const EXPORT_JSON =
  '{"email":"ada@example.com","password_hash":"$2b$12$N9qo8uLOickgx2ZMRZoMye…","created_at":"2026-11-22T16:40:00.000Z","disabled_at":null,"role":"user","email_verified":false';

/** `authsvc users export` */
export function createExportCommand(context: Context): Command {
  return new Command('export')
    .description('Write every account, with role and verification, as JSON Lines that import reads back')
    .addHelpText(
      'after',
      formatHelp({
        examples: [
          ['(umask 077; authsvc users export > users.jsonl)', 'the file holds password hashes: keep it private'],
          [
            '(umask 077; authsvc users export --with-factors > users.jsonl)',
            'the same with second factors: who reads the file can make their codes',
          ],
        ],
        json: [
          `${EXPORT_JSON}}`,
          'with --with-factors; totp is null and recovery_codes is empty for an account without one:',
          `${EXPORT_JSON},"totp":{"secret":"JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP","enabled_at":"2026-11-22T16:40:00.000Z","last_step":59326880},"recovery_codes":["47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU"]}`,
        ],
      }),
    )
    .option('--with-factors', 'write the secrets of second factors, and the digests of recovery codes')
    .action((_, command: Command) => exportUsers(context, command.optsWithGlobals<ExportOptions>()));
}

async function importUsers(context: Context, file: string, options: ImportOptions): Promise<number> {
  const terminal = await createTerminal(context, options);
  const refused: Refused[] = [];
  let refusedCount = 0;
  const refuse = (line: number, reason: string) => {
    refusedCount += 1;
    if (terminal.isJson) {
      refused.push({ line, reason });
    } else {
      terminal.showProgress('');
      terminal.complain(`line ${line}: ${reason}`);
    }
  };
  const input = Readable.from(linesFor(file, options.from ?? formatOf(file), refuse));
  const path = `/users/import${options.dryRun ? '?dry_run=true' : ''}`;
  const ifLost = options.dryRun
    ? 'Nothing was written. Try again once the daemon runs.'
    : 'The accounts imported so far stay. Once the daemon runs again, import the same file: existing accounts are skipped.';
  let summary: { imported: number; exists: number; refused: number } | undefined;
  try {
    for await (const report of streamLines<ImportReport>(context, { method: 'POST', path, input, ifLost })) {
      if ('summary' in report) summary = report.summary;
      else if ('done' in report) terminal.showProgress(`${report.done.toLocaleString('en')} accounts…`);
      else if ('error' in report) throw refusal(500, report.error);
      else refuse(report.line, report.refused);
    }
  } finally {
    terminal.showProgress('');
  }
  if (!summary) throw daemonLost(locateDaemon(context), ifLost);
  const { imported, exists } = summary;
  terminal.printJson({ imported, exists, refused, dry_run: options.dryRun === true });
  const count = (number: number) => number.toLocaleString('en');
  terminal.succeed(
    `${options.dryRun ? 'Would import' : 'Imported'} ${count(imported)}; ${count(exists)} here already; ${count(refusedCount)} refused`,
  );
  return refusedCount;
}

async function* linesFor(file: string, format: ImportFormat, refuse: (line: number, reason: string) => void) {
  for await (const line of readUsers(file, format)) {
    if ('refused' in line) refuse(line.line, line.refused);
    else yield `${JSON.stringify(line)}\n`;
  }
}

async function exportUsers(context: Context, options: ExportOptions): Promise<void> {
  const terminal = await createTerminal(context, options);
  const { stdout } = context;
  const ifLost = 'The export is incomplete. Export again once the daemon runs.';
  // Always with factors, to count those that are left out.
  const path = '/users/export?with_factors=true';
  let leftOut = 0;
  let isBegun = false;
  try {
    for await (const user of streamLines<ExportLine>(context, { method: 'GET', path, ifLost })) {
      isBegun = true;
      const { totp, recovery_codes: _, ...withoutFactors } = user;
      if (totp && !options.withFactors) leftOut += 1;
      if (!stdout.write(`${toJson(options.withFactors ? user : withoutFactors)}\n`)) await terminal.flush();
    }
  } catch (error) {
    // Marks a file that was cut short; with --json every error ends like this.
    if (isBegun && !terminal.isJson && error instanceof CliError && error.code === 'daemon_lost') {
      stdout.write(`${JSON.stringify({ error: { code: error.code, message: error.message } })}\n`);
    }
    throw error;
  }
  if (leftOut === 0) return;
  const whose = leftOut === 1 ? 'The second factor of one account is' : `The second factors of ${leftOut} accounts are`;
  terminal.warn(`${whose} left out (--with-factors): after an import, the password alone logs in`);
}
