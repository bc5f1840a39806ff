import type { BegunTotp, EnabledTotp } from '@authsvc/client';
import { shell } from '@authsvc/client/shell-command';
import { Command } from 'commander';
import { asOwner, type CurrentSession, getCurrentSession } from '../connection/current-session.ts';
import { type CommandSetup, prepareCommand } from '../connection/prepare-command.ts';
import { withNextStep } from '../connection/service-errors.ts';
import type { Context } from '../context.ts';
import { CliError } from '../errors.ts';
import { exitStatus } from '../exit-status.ts';
import type { GlobalOptions } from '../global-options.ts';
import { askPassword, readStdinSecrets } from '../terminal/answers.ts';
import { formatHelp, HELP_WIDTH } from '../terminal/help-text.ts';
import { isTotpCode, submitCode } from '../terminal/second-factor.ts';
import { requireAnswers, type Terminal } from '../terminal/terminal.ts';
import { expiryFrom } from '../terminal/times.ts';
import { adviceOn, assertNewFile, CODES_FILE, codesAsJson, deliverCodes, lostCodes } from './recovery-codes.ts';

interface EnableOptions extends GlobalOptions {
  readonly email?: string;
  readonly passwordStdin?: boolean;
  readonly codeStdin?: boolean;
  readonly codesFile?: string;
}

const help = formatHelp({
  examples: [
    ['authsvc mfa enable', 'shows a QR code for an authenticator app, and asks for its first code'],
    ['authsvc mfa enable --codes-file recovery-codes.txt', 'keeps the recovery codes off the screen'],
    [
      'authsvc mfa enable --json --password-stdin --code-stdin',
      'for a program: it writes the password, reads the secret, then writes a code and reads the recovery codes',
    ],
  ],
  json: [
    '{"secret":"JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP","otpauth_url":"otpauth://totp/authsvc:ada%40example.com?secret=…"}',
    'first, before the code is read; and once it is right, on a second line:',
    '{"status":"second_factor_enabled","recovery_codes":["MZXW-6YTB-OI5D-QNBR-GIZT-INJW"],"codes_file":null}',
    'with --codes-file, recovery_codes is null, and codes_file the path; with AUTHSVC_SESSION, "session" holds the new token of the session',
  ],
});

/** `authsvc mfa enable` */
export function createEnableCommand(context: Context): Command {
  return new Command('enable')
    .description('Turn on a second factor, and end every other session of yours')
    .option('--email <email>', 'the account, if not the one used last')
    .option('--password-stdin', 'read the password from standard input')
    .option('--code-stdin', 'read the first code from standard input, once the secret is printed')
    .option(...CODES_FILE)
    .addHelpText('after', help)
    .action((_, command: Command) => enableFactor(context, command.optsWithGlobals<EnableOptions>()));
}

async function enableFactor(context: Context, options: EnableOptions): Promise<void> {
  const setup = await prepareCommand(context, options);
  const { terminal, client } = setup;
  assertNewFile(options.codesFile);
  requireAnswers(terminal, [
    ['--password-stdin', options.passwordStdin === true],
    ['--code-stdin', options.codeStdin === true],
  ]);
  const session = await getCurrentSession(context, setup, options.email);
  const { passwordStdin, codeStdin } = options;
  const given = await readStdinSecrets(context, terminal, { passwordStdin });
  await assertNoFactor(setup, session);

  const password = await askPassword(terminal, given);
  const begun = await asOwner(session, client.beginTotp(session, password)).catch((error: unknown) => {
    throw withNextStep(error, 'email_not_verified', { say: 'Have the mail sent', command: shell`authsvc reset` });
  });
  await showSecret(context, terminal, begun);
  const { code } = await readStdinSecrets(context, terminal, { codeStdin });
  const enabled = await submitFirstCode(setup, session, code);
  let renewed: { session?: string } | undefined;
  try {
    renewed = await keepSession(context, setup, session, enabled);
  } finally {
    // They are shown once, also where the session could not be kept.
    const path = deliverCodes(terminal, enabled.recoveryCodes, options.codesFile);
    const codes = codesAsJson(enabled.recoveryCodes, path);
    terminal.printJson({ status: 'second_factor_enabled', ...codes, ...renewed });
    await terminal.flush(lostCodes);
    terminal.succeed('Second factor on; every other session of yours has ended', adviceOn(path));
  }
}

async function assertNoFactor({ client }: CommandSetup, session: CurrentSession): Promise<void> {
  const { totpEnabledAt } = await asOwner(session, client.listFactors(session));
  if (totpEnabledAt === undefined) return;
  throw new CliError({
    status: exitStatus.refused,
    code: 'factor_enabled',
    what: 'This account has a second factor already',
    next: { say: 'To use another app, turn it off first', command: shell`authsvc mfa disable` },
  });
}

/** A person scans it, or types it in; a program reads it from standard output. */
async function showSecret({ stderr }: Context, terminal: Terminal, { secret, otpauthUrl }: BegunTotp): Promise<void> {
  terminal.printJson({ secret, otpauth_url: otpauthUrl });
  if (!terminal.canAsk) {
    terminal.printLines(secret);
    await terminal.flush();
    return;
  }
  const key = (secret.match(/.{1,4}/g) ?? []).join(' ');
  const qrCode = terminal.notePaint.enabled
    ? await (await import('../terminal/qr-code.ts')).drawQrCode(otpauthUrl, stderr.columns || HELP_WIDTH)
    : undefined;
  terminal.show(
    qrCode ? 'Scan this with an authenticator app, or type in its key:' : 'Type this key into an authenticator app:',
    `  ${terminal.notePaint.bold(key)}`,
    ...(qrCode ?? []),
  );
}

async function submitFirstCode(
  { terminal, client }: CommandSetup,
  session: CurrentSession,
  given: string | undefined,
): Promise<EnabledTotp> {
  const check = (code: string) => (isTotpCode(code) ? undefined : 'A code has six digits');
  const question = { terminal, given, label: 'Code from your authenticator app', check };
  try {
    return await submitCode(question, (code) => asOwner(session, client.enableTotp(session, code)));
  } catch (error) {
    throw withNextStep(error, 'no_pending_factor', { say: 'Begin again', command: shell`authsvc mfa enable` });
  }
}

/**
 * Keep the new token of a stored session. One from the environment is returned for `--json`, and
 * otherwise ended, since its token would be lost.
 */
async function keepSession(
  { now }: Context,
  { terminal, store, client }: CommandSetup,
  { account }: CurrentSession,
  { session }: EnabledTotp,
): Promise<{ session?: string }> {
  const { token, cookie, lifetimeSeconds } = session;
  if (account) {
    try {
      await store.save({ ...account, cookie, expires_at: expiryFrom(now(), lifetimeSeconds) }, token);
    } catch (error) {
      // Do not leave a session open that is not stored, and report this failure alone.
      await client.logOut(session).catch(() => undefined);
      throw error;
    }
    return {};
  }
  if (terminal.isJson) return { session: token };
  await client.logOut(session).catch(() => undefined);
  const next = terminal.describeNext({ say: 'make another', command: shell`authsvc login --print-session` });
  terminal.warn(`The session in AUTHSVC_SESSION has ended; ${next}`);
  return {};
}
