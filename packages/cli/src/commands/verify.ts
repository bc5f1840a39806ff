import { shell } from '@authsvc/client/shell-command';
import { Command } from 'commander';
import { renameSession } from '../connection/current-session.ts';
import { type CommandSetup, prepareCommand } from '../connection/prepare-command.ts';
import { withNextStep } from '../connection/service-errors.ts';
import type { Context } from '../context.ts';
import type { GlobalOptions } from '../global-options.ts';
import { isSameAccount, lastUsedEmail } from '../session-store/account-index.ts';
import { CODE_STDIN, checkEmail, checkEmailOption, checkPresent, readStdinSecrets } from '../terminal/answers.ts';
import { formatHelp } from '../terminal/help-text.ts';
import { submitNewPassword } from '../terminal/new-password.ts';
import { confirmWithCode } from '../terminal/second-factor.ts';
import { requireAnswers } from '../terminal/terminal.ts';

interface VerifyOptions extends GlobalOptions {
  readonly email?: string;
  readonly passwordStdin?: boolean;
  readonly tokenStdin?: boolean;
  readonly codeStdin?: boolean;
}

const help = formatHelp({
  examples: [
    ['authsvc verify --email ada@example.com --token-stdin', 'confirms an address, with the token of its mail'],
    ['authsvc verify --email ada@example.com', 'has the mail of a registration sent again'],
    [
      'printf "%s\\n%s" "$TOKEN" "$PW" | authsvc verify --email ada@example.com --token-stdin --password-stdin',
      'asks nothing: the token on the first line, the password on the second',
    ],
  ],
  json: [
    '{"email":"ada@example.com","server":"http://127.0.0.1:4100","status":"email_verified"}',
    'status is "instructions_sent" when the mail is sent again',
  ],
});

/** `authsvc verify` */
export function createCommand(context: Context): Command {
  return new Command('verify')
    .description('Confirm an email: of a new account, whose password you choose, or a new one of yours')
    .option('--email <email>', 'the address to confirm')
    .option('--token-stdin', 'read the verification token from standard input instead of having a mail sent')
    .option('--password-stdin', 'read the password from standard input: a new account gets it, another has it')
    .option(...CODE_STDIN)
    .addHelpText('after', help)
    .action((_, command: Command) => verify(context, command.optsWithGlobals<VerifyOptions>()));
}

async function verify(context: Context, options: VerifyOptions): Promise<void> {
  const setup = await prepareCommand(context, options);
  const { terminal, store, server } = setup;
  checkEmailOption(options.email);
  requireAnswers(terminal, [
    ['--email', options.email !== undefined],
    ['--password-stdin', options.passwordStdin === true || !options.tokenStdin],
  ]);
  const secrets = await readStdinSecrets(context, terminal, options);

  const fallback = lastUsedEmail(store.index(), server);
  const email = options.email ?? (await terminal.askText({ label: 'Email', fallback, check: checkEmail }));
  if (!options.tokenStdin) return sendAgain(setup, email);
  const token = secrets.token ?? (await terminal.askSecret({ label: 'Verification token', check: checkPresent }));
  const verified = await prove(setup, { ...secrets, email, token });
  terminal.printJson({ email: verified.email, server, status: 'email_verified' });
  const done = `${terminal.notePaint.bold(verified.email)} is confirmed`;
  if (await followChange(setup, verified.email)) {
    terminal.succeed(`${done}; your sessions stay open`);
    return;
  }
  store.use({ server, email: verified.email });
  terminal.succeed(done, terminal.describeNext({ say: 'Next', command: shell`authsvc login` }));
}

/**
 * Keep the session of an account that has just changed its email under the new one. Which of the
 * stored sessions it is, the service knows.
 *
 * @returns whether there is such a session on this machine.
 */
async function followChange(setup: CommandSetup, email: string): Promise<boolean> {
  const { client, server, store } = setup;
  for (const account of store.index().accounts.filter((one) => one.server === server)) {
    try {
      const session = { account, cookie: account.cookie, token: await store.getToken(account) };
      const profile = await client.profile(session);
      if (!isSameAccount({ server, email: profile.email }, { server, email })) continue;
      await renameSession(setup, session, profile.email);
      return true;
    } catch {
      // The address is confirmed; a session that has ended or is locked away keeps its old name.
    }
  }
  return false;
}

async function sendAgain({ client, terminal, server }: CommandSetup, email: string): Promise<void> {
  await client.requestVerification(email);
  terminal.printJson({ email, server, status: 'instructions_sent' });
  terminal.succeed(
    `Verification instructions sent to ${terminal.notePaint.bold(email)}, if this service confirms addresses`,
    terminal.describeNext({ say: 'With the token', command: shell`authsvc verify --email ${email} --token-stdin` }),
  );
}

interface Proof {
  readonly email: string;
  readonly token: string;
  readonly password?: string | undefined;
  readonly code?: string | undefined;
}

async function prove({ client, terminal }: CommandSetup, { email, token, password: given, code }: Proof) {
  // For a change of email of an account with a second factor; a new account has none.
  const submit = (password: string) =>
    confirmWithCode({ terminal, given: code }, (shown) =>
      client.verifyEmail({ email, verificationToken: token, password, code: shown }),
    );
  try {
    // It may be an older password, of an account that changes its email: the service knows.
    return await submitNewPassword({ terminal, label: 'Password', email, minLength: 1, confirm: false, given, submit });
  } catch (error) {
    const next = {
      say: 'For a new account, have the mail sent again (for a change of email, run authsvc email again)',
      command: shell`authsvc verify --email ${email}`,
    };
    throw withNextStep(error, 'invalid_verification_token', next);
  }
}
