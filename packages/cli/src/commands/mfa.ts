import { shell } from '@authsvc/client/shell-command';
import { Command } from 'commander';
import { asOwner, getCurrentSession } from '../connection/current-session.ts';
import { prepareCommand } from '../connection/prepare-command.ts';
import type { Context } from '../context.ts';
import { noSecondFactor } from '../errors.ts';
import type { GlobalOptions } from '../global-options.ts';
import { askPassword, CODE_STDIN, readStdinSecrets } from '../terminal/answers.ts';
import { formatHelp } from '../terminal/help-text.ts';
import { submitCode } from '../terminal/second-factor.ts';
import { requireAnswers } from '../terminal/terminal.ts';
import { describeDate } from '../terminal/times.ts';
import { createEnableCommand } from './mfa-enable.ts';
import {
  adviceOn,
  assertNewFile,
  CODES_FILE,
  codesAsJson,
  deliverCodes,
  FEW_CODES,
  lostCodes,
  tellCodesLeft,
} from './recovery-codes.ts';

interface MfaOptions extends GlobalOptions {
  readonly email?: string;
  readonly passwordStdin?: boolean;
  readonly codeStdin?: boolean;
  readonly codesFile?: string;
}

const statusHelp = formatHelp({
  examples: [
    ['authsvc mfa', 'shows whether a login asks for a code, and how many recovery codes are left'],
    ['authsvc mfa enable', 'shows a QR code for an authenticator app, and asks for its first code'],
    ['authsvc mfa codes', 'makes new recovery codes'],
  ],
  json: [
    '{"totp":{"enabled_at":"2026-11-22T16:40:00.000Z"},"recovery_codes":{"left":10}}',
    'both are null while there is no second factor',
  ],
});

const disableHelp = formatHelp({
  examples: [
    ['authsvc mfa disable', 'asks for the password and a code'],
    ['printf "%s\\n%s" "$PW" "$CODE" | authsvc mfa disable --password-stdin --code-stdin', 'asks nothing'],
  ],
  json: ['{"status":"second_factor_disabled"}'],
});

const codesHelp = formatHelp({
  examples: [
    ['authsvc mfa codes', 'prints ten new codes; the old ones are void'],
    ['authsvc mfa codes --codes-file recovery-codes.txt', 'writes them to a file that only you can read'],
  ],
  json: [
    '{"status":"recovery_codes_renewed","recovery_codes":["MZXW-6YTB-OI5D-QNBR-GIZT-INJW"],"codes_file":null}',
    'with --codes-file, recovery_codes is null, and codes_file the path',
  ],
});

/** `authsvc mfa` */
export function createCommand(context: Context): Command {
  const disable = new Command('disable')
    .description('Turn the second factor off; its recovery codes go with it')
    .option('--email <email>', 'the account, if not the one used last')
    .option('--password-stdin', 'read the password from standard input')
    .option(...CODE_STDIN)
    .addHelpText('after', disableHelp)
    .action((_, command: Command) => disableFactor(context, command.optsWithGlobals<MfaOptions>()));
  const codes = new Command('codes')
    .description('Make new recovery codes, which void the old ones')
    .option('--email <email>', 'the account, if not the one used last')
    .option('--password-stdin', 'read the password from standard input')
    .option(...CODE_STDIN)
    .option(...CODES_FILE)
    .addHelpText('after', codesHelp)
    .action((_, command: Command) => renewCodes(context, command.optsWithGlobals<MfaOptions>()));
  return new Command('mfa')
    .description('Show your second factor, or change it')
    .option('--email <email>', 'the account, if not the one used last')
    .addHelpText('after', statusHelp)
    .action((_, command: Command) => showFactor(context, command.optsWithGlobals<MfaOptions>()))
    .addCommand(createEnableCommand(context))
    .addCommand(disable)
    .addCommand(codes);
}

async function showFactor(context: Context, options: MfaOptions): Promise<void> {
  const setup = await prepareCommand(context, options);
  const { terminal, client } = setup;
  const session = await getCurrentSession(context, setup, options.email);
  const { totpEnabledAt, recoveryCodes } = await asOwner(session, client.listFactors(session));
  const { bold, cyan } = terminal.paint;
  if (totpEnabledAt === undefined) {
    terminal.printJson({ totp: null, recovery_codes: null });
    terminal.printLines(`Second factor  ${bold('off')}`, `Turn it on: ${cyan(shell`authsvc mfa enable`)}`);
    return;
  }
  terminal.printJson({ totp: { enabled_at: totpEnabledAt }, recovery_codes: { left: recoveryCodes } });
  terminal.printLines(
    `Second factor   ${bold('on')} since ${describeDate(totpEnabledAt)}`,
    `Recovery codes  ${recoveryCodes} left`,
  );
  if (recoveryCodes <= FEW_CODES) tellCodesLeft(terminal, recoveryCodes);
}

async function disableFactor(context: Context, options: MfaOptions): Promise<void> {
  const { terminal, client, session, given } = await prepareChange(context, options);
  const password = await askPassword(terminal, given);
  await submitCode({ terminal, given: given.code }, (code) =>
    asOwner(session, client.disableTotp(session, { password, code })),
  );
  terminal.printJson({ status: 'second_factor_disabled' });
  terminal.succeed('Second factor off: from now on, your password alone logs in');
}

async function renewCodes(context: Context, options: MfaOptions): Promise<void> {
  assertNewFile(options.codesFile);
  const { terminal, client, session, given } = await prepareChange(context, options);
  const password = await askPassword(terminal, given);
  const codes = await submitCode({ terminal, given: given.code }, (code) =>
    asOwner(session, client.renewRecoveryCodes(session, { password, code })),
  );
  const path = await deliverCodes(terminal, codes, options.codesFile);
  terminal.printJson({ status: 'recovery_codes_renewed', ...codesAsJson(codes, path) });
  await terminal.flush(lostCodes);
  terminal.succeed('The old recovery codes are void', adviceOn(path));
}

/** Get ready for a change that takes password and code, of an account that has a factor. */
async function prepareChange(context: Context, options: MfaOptions) {
  const setup = await prepareCommand(context, options);
  const { terminal, client } = setup;
  requireAnswers(terminal, [
    ['--password-stdin', options.passwordStdin === true],
    ['--code-stdin', options.codeStdin === true],
  ]);
  const session = await getCurrentSession(context, setup, options.email);
  const given = await readStdinSecrets(context, terminal, options);
  const { totpEnabledAt } = await asOwner(session, client.listFactors(session));
  if (totpEnabledAt !== undefined) return { terminal, client, session, given };
  throw noSecondFactor(undefined, { say: 'Turn it on', command: shell`authsvc mfa enable` });
}
