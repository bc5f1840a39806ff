import { shell } from '@authsvc/client/shell-command';
import { Command } from 'commander';
import { type CommandSetup, prepareCommand } from '../connection/prepare-command.ts';
import { withNextStep } from '../connection/service-errors.ts';
import type { Context } from '../context.ts';
import type { GlobalOptions } from '../global-options.ts';
import { lastUsedEmail } from '../session-store/account-index.ts';
import { checkEmail, checkEmailOption, checkPresent, readStdinSecrets } from '../terminal/answers.ts';
import { formatHelp } from '../terminal/help-text.ts';
import { readMinLength, submitNewPassword } from '../terminal/new-password.ts';
import { requireAnswers } from '../terminal/terminal.ts';

interface ResetOptions extends GlobalOptions {
  readonly email?: string;
  readonly passwordStdin?: boolean;
  readonly tokenStdin?: boolean;
}

const help = formatHelp({
  examples: [
    ['authsvc reset', 'requests a reset token; if the service returns it at once, asks for the new password'],
    ['authsvc reset --email ada@example.com --token-stdin', 'uses a token that came by mail or from the operator'],
    [
      'printf "%s\\n%s" "$TOKEN" "$PW" | authsvc reset --email ada@example.com --token-stdin --password-stdin',
      'asks nothing: the token on the first line, the new password on the second',
    ],
  ],
  json: [
    '{"email":"ada@example.com","server":"http://127.0.0.1:4100","status":"password_updated"}',
    'status is "instructions_sent" when the reset token is mailed, "ask_operator" when an operator makes it',
  ],
});

/** `authsvc reset` */
export function createCommand(context: Context): Command {
  return new Command('reset')
    .description('Choose a new password, with a reset token')
    .option('--email <email>', 'the account')
    .option('--token-stdin', 'read the reset token from standard input instead of requesting one')
    .option('--password-stdin', 'read the new password from standard input')
    .addHelpText('after', help)
    .action((_, command: Command) => reset(context, command.optsWithGlobals<ResetOptions>()));
}

async function reset(context: Context, options: ResetOptions): Promise<void> {
  const setup = await prepareCommand(context, options);
  const { terminal, store, server } = setup;
  checkEmailOption(options.email);
  requireAnswers(terminal, [
    ['--email', options.email !== undefined],
    ['--password-stdin', options.passwordStdin === true],
  ]);
  const secrets = await readStdinSecrets(context, terminal, options);

  const fallback = lastUsedEmail(store.index(), server);
  const email = options.email ?? (await terminal.askText({ label: 'Email', fallback, check: checkEmail }));
  const resetToken = options.tokenStdin
    ? (secrets.token ?? (await terminal.askSecret({ label: 'Reset token', check: checkPresent })))
    : await requestToken(setup, email);
  if (resetToken === undefined) return;

  const updated = await choosePassword(context, setup, {
    email,
    resetToken,
    password: secrets.password,
  });
  store.use({ server, email: updated.email });
  terminal.printJson({ email: updated.email, server, status: 'password_updated' });
  terminal.succeed(
    `Password updated; every session of ${terminal.notePaint.bold(updated.email)} has ended`,
    terminal.describeNext({ say: 'Next', command: shell`authsvc login` }),
  );
}

/** @returns `undefined` if the token comes another way; the next step has then been printed. */
async function requestToken({ client, terminal, server }: CommandSetup, email: string): Promise<string | undefined> {
  const { resetToken, isMailed } = await client.requestReset(email);
  if (resetToken !== undefined) {
    terminal.succeed('Reset token issued');
    return resetToken;
  }
  const shown = terminal.notePaint.bold(email);
  terminal.printJson({ email, server, status: isMailed ? 'instructions_sent' : 'ask_operator' });
  terminal.succeed(
    isMailed
      ? `Reset instructions sent, if ${shown} has an account`
      : `Ask the operator for a reset token for ${shown}: this service sends no mail`,
    terminal.describeNext({ say: 'With the token', command: shell`authsvc reset --email ${email} --token-stdin` }),
  );
  return undefined;
}

interface PasswordChoice {
  readonly email: string;
  readonly resetToken: string;
  readonly password: string | undefined;
}

async function choosePassword(context: Context, { client, terminal }: CommandSetup, choice: PasswordChoice) {
  const { email, resetToken, password } = choice;
  try {
    return await submitNewPassword({
      terminal,
      label: 'New password',
      email,
      minLength: readMinLength(context.env),
      confirm: false,
      given: password,
      submit: (newPassword) => client.resetPassword({ email, resetToken, newPassword }),
    });
  } catch (error) {
    const next = { say: 'Ask for a new one', command: shell`authsvc reset --email ${email}` };
    throw withNextStep(error, 'invalid_reset_token', next);
  }
}
