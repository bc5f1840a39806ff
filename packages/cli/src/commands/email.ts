import { Command } from 'commander';
import { checkEmail, checkEmailOption, checkPresent, readStdinSecrets } from '../answers.ts';
import { connect } from '../connection.ts';
import type { Context } from '../context.ts';
import { getCurrentSession, sendAs } from '../current-session.ts';
import type { GlobalOptions } from '../global-options.ts';
import { isSameAccount } from '../session-store/account-index.ts';
import { requireAnswers } from '../terminal.ts';
import { formatHelp } from './help-text.ts';

interface EmailOptions extends GlobalOptions {
  readonly email?: string;
  readonly newEmail?: string;
  readonly passwordStdin?: boolean;
}

const help = formatHelp({
  examples: [
    ['authsvc email', 'asks for the new email and the password'],
    ['printf %s "$PW" | authsvc email --new-email ada.king@example.com --password-stdin', 'asks nothing'],
  ],
  json: ['{"email":"ada.king@example.com","server":"http://127.0.0.1:4100","status":"email_changed"}'],
});

/** `authsvc email` */
export function createCommand(context: Context): Command {
  return new Command('email')
    .description('Change your email')
    .option('--email <email>', 'the account, if not the one used last')
    .option('--new-email <email>', 'the new address')
    .option('--password-stdin', 'read the password from standard input')
    .addHelpText('after', help)
    .action((_, command: Command) => changeEmail(context, command.optsWithGlobals<EmailOptions>()));
}

async function changeEmail(context: Context, options: EmailOptions): Promise<void> {
  const connection = await connect(context, options);
  const { terminal, server, store } = connection;
  checkEmailOption(options.newEmail, '--new-email');
  requireAnswers(terminal, [
    ['--new-email', options.newEmail !== undefined],
    ['--password-stdin', options.passwordStdin === true],
  ]);
  const session = await getCurrentSession(context, connection, options.email);
  const secrets = await readStdinSecrets(context, terminal, options);
  const given = { newEmail: options.newEmail, password: secrets.password };
  const fields = await askForRest(given);
  const { email } = await sendAs(connection, session, 'PUT', '/profile/email', fields);

  const { account } = session;
  if (account) {
    // Kept under the new name before the old one goes, so that no failure loses the session.
    const renamed = { ...account, email: String(email) };
    await store.save(renamed, session.token);
    if (!isSameAccount(renamed, account)) await store.forget(account);
  }
  terminal.printJson({ email, server, status: 'email_changed' });
  terminal.succeed(`Your email is ${terminal.notePaint.bold(String(email))} from now on; your sessions stay open`);

  async function askForRest({ newEmail, password }: typeof given) {
    if (newEmail !== undefined && password !== undefined) return { new_email: newEmail, password };
    const prompter = await terminal.openPrompter();
    return {
      new_email: newEmail ?? (await prompter.askText({ label: 'New email', fallback: undefined, check: checkEmail })),
      password: password ?? (await prompter.askSecret({ label: 'Password', check: checkPresent })),
    };
  }
}
