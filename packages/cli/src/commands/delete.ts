import { Command } from 'commander';
import { checkPresent, readStdinSecrets } from '../answers.ts';
import { connect } from '../connection.ts';
import type { Context } from '../context.ts';
import { getCurrentSession, sendAs } from '../current-session.ts';
import type { GlobalOptions } from '../global-options.ts';
import { requireAnswers } from '../terminal.ts';
import { formatHelp } from './help-text.ts';

interface DeleteOptions extends GlobalOptions {
  readonly email?: string;
  readonly yes?: boolean;
  readonly passwordStdin?: boolean;
}

const help = formatHelp({
  examples: [
    ['authsvc delete', 'asks for the email to be typed, and for the password'],
    ['printf %s "$PW" | authsvc delete --yes --password-stdin', 'asks nothing'],
  ],
  json: ['{"email":"ada@example.com","server":"http://127.0.0.1:4100","status":"account_deleted"}'],
});

/** `authsvc delete` */
export function createCommand(context: Context): Command {
  return new Command('delete')
    .description('Delete your account and all that belongs to it; there is no way back')
    .option('--email <email>', 'the account, if not the one used last')
    .option('--yes', 'do not ask for the email to be typed')
    .option('--password-stdin', 'read the password from standard input')
    .addHelpText('after', help)
    .action((_, command: Command) => deleteAccount(context, command.optsWithGlobals<DeleteOptions>()));
}

async function deleteAccount(context: Context, options: DeleteOptions): Promise<void> {
  const connection = await connect(context, options);
  const { terminal, server, store } = connection;
  requireAnswers(terminal, [
    ['--yes', options.yes === true],
    ['--password-stdin', options.passwordStdin === true],
  ]);
  const session = await getCurrentSession(context, connection, options.email);
  const secrets = await readStdinSecrets(context, terminal, options);
  const password = await confirm(secrets.password);
  const { email } = await sendAs(connection, session, 'DELETE', '/profile', { password });
  if (session.account) await store.forget(session.account);
  terminal.printJson({ email, server, status: 'account_deleted' });
  terminal.succeed(`The account ${terminal.notePaint.bold(String(email))} is deleted, with all that belonged to it`);

  async function confirm(given: string | undefined): Promise<string> {
    if (options.yes && given !== undefined) return given;
    const prompter = await terminal.openPrompter();
    if (!options.yes) {
      const { email: own } = await sendAs(connection, session, 'GET', '/profile');
      const check = (typed: string) => (typed === own ? undefined : 'That is not the email of this account');
      terminal.warn(
        `This deletes ${terminal.notePaint.bold(String(own))} and all that belongs to it; there is no way back`,
      );
      await prompter.askText({ label: 'Type the email to go on', fallback: undefined, check });
    }
    return given ?? prompter.askSecret({ label: 'Password', check: checkPresent });
  }
}
