import { ApiRefusal } from '@authsvc/client';
import { shell } from '@authsvc/client/shell-command';
import { Command } from 'commander';
import { checkPresent, readStdinSecrets } from '../answers.ts';
import { connect } from '../connection.ts';
import type { Context } from '../context.ts';
import { getCurrentSession, sendAs } from '../current-session.ts';
import type { GlobalOptions } from '../global-options.ts';
import { readMinLength, submitNewPassword } from '../new-password.ts';
import { describeRefusal } from '../service-errors.ts';
import { requireAnswers } from '../terminal.ts';
import { formatHelp } from './help-text.ts';

interface PasswordOptions extends GlobalOptions {
  readonly email?: string;
  readonly passwordStdin?: boolean;
  readonly newPasswordStdin?: boolean;
}

const help = formatHelp({
  examples: [
    ['authsvc password', 'asks for the current password and the new one'],
    [
      'printf "%s\\n%s" "$OLD" "$NEW" | authsvc password --password-stdin --new-password-stdin',
      'asks nothing: the current password on the first line, the new one on the second',
    ],
  ],
  json: ['{"email":"ada@example.com","server":"http://127.0.0.1:4100","status":"password_changed"}'],
});

/** `authsvc password` */
export function createCommand(context: Context): Command {
  return new Command('password')
    .description('Change your password, and end every other session of yours')
    .option('--email <email>', 'the account, if not the one used last')
    .option('--password-stdin', 'read the current password from standard input')
    .option('--new-password-stdin', 'read the new password from standard input')
    .addHelpText('after', help)
    .action((_, command: Command) => changePassword(context, command.optsWithGlobals<PasswordOptions>()));
}

async function changePassword(context: Context, options: PasswordOptions): Promise<void> {
  const connection = await connect(context, options);
  const { terminal, server } = connection;
  requireAnswers(terminal, [
    ['--password-stdin', options.passwordStdin === true],
    ['--new-password-stdin', options.newPasswordStdin === true],
  ]);
  const session = await getCurrentSession(context, connection, options.email);
  const secrets = await readStdinSecrets(context, terminal, options);
  const submit = (current_password: string, new_password: string) =>
    sendAs(connection, session, 'PUT', '/profile/password', { current_password, new_password }).catch(forgotten);

  const { email } =
    secrets.password !== undefined && secrets.newPassword !== undefined
      ? await submit(secrets.password, secrets.newPassword)
      : await ask();
  terminal.printJson({ email, server, status: 'password_changed' });
  terminal.succeed(`Password changed; every other session of ${terminal.notePaint.bold(String(email))} has ended`);

  async function ask() {
    const prompter = await terminal.openPrompter();
    const current = await prompter.askSecret({ label: 'Current password', check: checkPresent });
    return submitNewPassword({
      prompter,
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
  if (!(error instanceof ApiRefusal) || error.code !== 'invalid_credentials') throw error;
  throw describeRefusal(error, { say: 'If you forgot it, choose another', command: shell`authsvc reset` });
}
