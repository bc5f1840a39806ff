import { shell } from '@authsvc/client/shell-command';
import { Command } from 'commander';
import { type CommandSetup, prepareCommand } from '../connection/prepare-command.ts';
import { withNextStep } from '../connection/service-errors.ts';
import type { Context } from '../context.ts';
import type { GlobalOptions } from '../global-options.ts';
import { checkEmail, checkEmailOption, checkPresent, readStdinSecrets } from '../terminal/answers.ts';
import { formatHelp } from '../terminal/help-text.ts';
import { readMinLength, submitNewPassword } from '../terminal/new-password.ts';
import { requireAnswers } from '../terminal/terminal.ts';

interface RegisterOptions extends GlobalOptions {
  readonly email?: string;
  readonly invitationStdin?: boolean;
  readonly passwordStdin?: boolean;
}

const help = formatHelp({
  examples: [
    ['authsvc register', 'asks for the email and the password'],
    ['printf %s "$PW" | authsvc register --email ada@example.com --password-stdin', 'asks nothing'],
    [
      'printf "%s\\n%s" "$TOKEN" "$PW" | authsvc register --email ada@example.com --invitation-stdin --password-stdin',
      'accepts an invitation: its token on the first line, the password on the second',
    ],
  ],
  json: [
    '{"email":"ada@example.com","server":"http://127.0.0.1:4100"}',
    'with "status":"verification_sent" where the address must be confirmed first: there is no account before',
  ],
});

/** `authsvc register` */
export function createCommand(context: Context): Command {
  return new Command('register')
    .description('Create an account')
    .option('--email <email>', 'the address of the new account')
    .option('--invitation-stdin', 'read the token of an invitation from standard input')
    .option('--password-stdin', 'read the password from standard input')
    .addHelpText('after', help)
    .action((_, command: Command) => register(context, command.optsWithGlobals<RegisterOptions>()));
}

async function register(context: Context, options: RegisterOptions): Promise<void> {
  const setup = await prepareCommand(context, options);
  const { terminal, client, store, server } = setup;
  checkEmailOption(options.email);
  requireAnswers(terminal, [
    ['--email', options.email !== undefined],
    ['--password-stdin', options.passwordStdin === true],
  ]);
  const secrets = await readStdinSecrets(context, terminal, options);

  const given = options.email ?? (await terminal.askText({ label: 'Email', check: checkEmail }));
  const invitationToken = options.invitationStdin
    ? (secrets.invitation ?? (await terminal.askSecret({ label: 'Invitation token', check: checkPresent })))
    : undefined;
  const { email } = await submit(context, setup, { email: given, password: secrets.password, invitationToken });
  store.use({ server, email });
  // The account is there or asked for by now: an answer that does not come must not hide that.
  const isPending = invitationToken === undefined && (await client.requiresVerification().catch(() => false));
  if (isPending) {
    terminal.printJson({ email, server, status: 'verification_sent' });
    terminal.succeed(
      `Verification instructions sent to ${terminal.notePaint.bold(email)}: there is no account before it is confirmed`,
      terminal.describeNext({ say: 'With the token', command: shell`authsvc verify --email ${email} --token-stdin` }),
    );
    return;
  }
  terminal.printJson({ email, server });
  terminal.succeed(
    `Registered ${terminal.notePaint.bold(email)}`,
    terminal.describeNext({ say: 'Next', command: shell`authsvc login` }),
  );
}

interface Given {
  readonly email: string;
  readonly password: string | undefined;
  readonly invitationToken: string | undefined;
}

async function submit(context: Context, { terminal, client, server }: CommandSetup, given: Given) {
  try {
    const { email, invitationToken } = given;
    return await submitNewPassword({
      terminal,
      label: 'Password',
      email,
      minLength: readMinLength(context.env),
      confirm: true,
      given: given.password,
      submit: (password) => client.register({ email, password, invitationToken }),
    });
  } catch (error) {
    throw withNextStep(error, 'email_taken', {
      say: `If it is yours on ${new URL(server).host}, log in`,
      command: shell`authsvc login`,
    });
  }
}
