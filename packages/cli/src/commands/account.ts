import { shell } from '@authsvc/client/shell-command';
import { Command } from 'commander';
import { getCurrentSession, renameSession, sendAs } from '../connection/current-session.ts';
import { prepareCommand } from '../connection/prepare-command.ts';
import { withNextStep } from '../connection/service-errors.ts';
import type { Context } from '../context.ts';
import type { GlobalOptions } from '../global-options.ts';
import { CODE_STDIN, checkEmail, checkEmailOption, checkPresent, readStdinSecrets } from '../terminal/answers.ts';
import { formatHelp } from '../terminal/help-text.ts';
import { readMinLength, submitNewPassword } from '../terminal/new-password.ts';
import { confirmWithCode } from '../terminal/second-factor.ts';
import { requireAnswers } from '../terminal/terminal.ts';

interface PasswordOptions extends GlobalOptions {
  readonly email?: string;
  readonly passwordStdin?: boolean;
  readonly newPasswordStdin?: boolean;
  readonly codeStdin?: boolean;
}

const passwordHelp = formatHelp({
  examples: [
    ['authsvc password', 'asks for the current password and the new one'],
    [
      'printf "%s\\n%s" "$OLD" "$NEW" | authsvc password --password-stdin --new-password-stdin',
      'asks nothing: the current password on the first line, the new one on the second',
    ],
    [
      'printf "%s\\n%s\\n%s" "$OLD" "$NEW" "$CODE" | authsvc password --password-stdin --new-password-stdin --code-stdin',
      'the same for an account with a second factor: its code on the third line',
    ],
  ],
  json: ['{"email":"ada@example.com","server":"http://127.0.0.1:4100","status":"password_changed"}'],
});

/** `authsvc password` */
export function createPasswordCommand(context: Context): Command {
  return new Command('password')
    .description('Change your password, and end every other session of yours')
    .option('--email <email>', 'the account, if not the one used last')
    .option('--password-stdin', 'read the current password from standard input')
    .option('--new-password-stdin', 'read the new password from standard input')
    .option(...CODE_STDIN)
    .addHelpText('after', passwordHelp)
    .action((_, command: Command) => changePassword(context, command.optsWithGlobals<PasswordOptions>()));
}

async function changePassword(context: Context, options: PasswordOptions): Promise<void> {
  const setup = await prepareCommand(context, options);
  const { terminal, server } = setup;
  requireAnswers(terminal, [
    ['--password-stdin', options.passwordStdin === true],
    ['--new-password-stdin', options.newPasswordStdin === true],
  ]);
  const session = await getCurrentSession(context, setup, options.email);
  const secrets = await readStdinSecrets(context, terminal, options);
  const submit = (current_password: string, new_password: string) =>
    confirmWithCode({ terminal, given: secrets.code }, (code) =>
      sendAs(setup, session, 'PUT', '/profile/password', { current_password, new_password, code }),
    ).catch(forgotten);

  const { email } =
    secrets.password !== undefined && secrets.newPassword !== undefined
      ? await submit(secrets.password, secrets.newPassword)
      : await ask();
  terminal.printJson({ email, server, status: 'password_changed' });
  terminal.succeed(`Password changed; every other session of ${terminal.notePaint.bold(String(email))} has ended`);

  async function ask() {
    const current = await terminal.askSecret({ label: 'Current password', check: checkPresent });
    return submitNewPassword({
      terminal,
      label: 'New password',
      email: session.account?.email ?? '',
      minLength: readMinLength(context.env),
      confirm: true,
      submit: (password) => submit(current, password),
    });
  }
}

function forgotten(error: unknown): never {
  const next = { say: 'If you forgot it, choose another', command: shell`authsvc reset` };
  throw withNextStep(error, 'invalid_credentials', next);
}

interface EmailOptions extends GlobalOptions {
  readonly email?: string;
  readonly newEmail?: string;
  readonly passwordStdin?: boolean;
  readonly codeStdin?: boolean;
}

const emailHelp = formatHelp({
  examples: [
    ['authsvc email', 'asks for the new email and the password'],
    ['printf %s "$PW" | authsvc email --new-email ada.king@example.com --password-stdin', 'asks nothing'],
  ],
  json: [
    '{"email":"ada.king@example.com","server":"http://127.0.0.1:4100","status":"email_changed"}',
    'status is "verification_sent" where the new address must be confirmed first; email is then still the old one',
  ],
});

/** `authsvc email` */
export function createEmailCommand(context: Context): Command {
  return new Command('email')
    .description('Change your email')
    .option('--email <email>', 'the account, if not the one used last')
    .option('--new-email <email>', 'the new address')
    .option('--password-stdin', 'read the password from standard input')
    .option(...CODE_STDIN)
    .addHelpText('after', emailHelp)
    .action((_, command: Command) => changeEmail(context, command.optsWithGlobals<EmailOptions>()));
}

async function changeEmail(context: Context, options: EmailOptions): Promise<void> {
  const setup = await prepareCommand(context, options);
  const { terminal, server } = setup;
  checkEmailOption(options.newEmail, '--new-email');
  requireAnswers(terminal, [
    ['--new-email', options.newEmail !== undefined],
    ['--password-stdin', options.passwordStdin === true],
  ]);
  const session = await getCurrentSession(context, setup, options.email);
  const secrets = await readStdinSecrets(context, terminal, options);
  const fields = {
    new_email: options.newEmail ?? (await terminal.askText({ label: 'New email', check: checkEmail })),
    password: secrets.password ?? (await terminal.askSecret({ label: 'Password', check: checkPresent })),
  };
  const { email, message } = await confirmWithCode({ terminal, given: secrets.code }, (code) =>
    sendAs(setup, session, 'PUT', '/profile/email', { ...fields, code }),
  );
  if (message === 'verification instructions sent') {
    const { new_email: address } = fields;
    terminal.printJson({ email, server, status: 'verification_sent' });
    terminal.succeed(
      `Verification instructions sent to ${terminal.notePaint.bold(address)}: your email changes once it is confirmed`,
      terminal.describeNext({ say: 'With the token', command: shell`authsvc verify --email ${address} --token-stdin` }),
    );
    return;
  }

  await renameSession(setup, session, String(email));
  terminal.printJson({ email, server, status: 'email_changed' });
  terminal.succeed(`Your email is ${terminal.notePaint.bold(String(email))} from now on; your sessions stay open`);
}

interface DeleteOptions extends GlobalOptions {
  readonly email?: string;
  readonly yes?: boolean;
  readonly passwordStdin?: boolean;
  readonly codeStdin?: boolean;
}

const deleteHelp = formatHelp({
  examples: [
    ['authsvc delete', 'asks for the email to be typed, and for the password'],
    ['printf %s "$PW" | authsvc delete --yes --password-stdin', 'asks nothing'],
  ],
  json: ['{"email":"ada@example.com","server":"http://127.0.0.1:4100","status":"account_deleted"}'],
});

/** `authsvc delete` */
export function createDeleteCommand(context: Context): Command {
  return new Command('delete')
    .description('Delete your account and all that belongs to it; there is no way back')
    .option('--email <email>', 'the account, if not the one used last')
    .option('--yes', 'do not ask for the email to be typed')
    .option('--password-stdin', 'read the password from standard input')
    .option(...CODE_STDIN)
    .addHelpText('after', deleteHelp)
    .action((_, command: Command) => deleteAccount(context, command.optsWithGlobals<DeleteOptions>()));
}

async function deleteAccount(context: Context, options: DeleteOptions): Promise<void> {
  const setup = await prepareCommand(context, options);
  const { terminal, server, store, devices } = setup;
  requireAnswers(terminal, [
    ['--yes', options.yes === true],
    ['--password-stdin', options.passwordStdin === true],
  ]);
  const session = await getCurrentSession(context, setup, options.email);
  const secrets = await readStdinSecrets(context, terminal, options);
  const password = await confirm(secrets.password);
  const { email } = await confirmWithCode({ terminal, given: secrets.code }, (code) =>
    sendAs(setup, session, 'DELETE', '/profile', { password, code }),
  );
  if (session.account) {
    await store.forget(session.account);
    await devices.forget(session.account);
  }
  terminal.printJson({ email, server, status: 'account_deleted' });
  terminal.succeed(`The account ${terminal.notePaint.bold(String(email))} is deleted, with all that belonged to it`);

  async function confirm(given: string | undefined): Promise<string> {
    if (!options.yes) {
      const { email: own } = await sendAs(setup, session, 'GET', '/profile');
      const check = (typed: string) => (typed === own ? undefined : 'That is not the email of this account');
      terminal.warn(
        `This deletes ${terminal.notePaint.bold(String(own))} and all that belongs to it; there is no way back`,
      );
      await terminal.askText({ label: 'Type the email to go on', check });
    }
    return given ?? terminal.askSecret({ label: 'Password', check: checkPresent });
  }
}
