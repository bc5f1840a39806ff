import { shell } from '@authsvc/client/shell-command';
import { Command } from 'commander';
import { type CommandSetup, prepareCommand } from '../connection/prepare-command.ts';
import { withNextStep } from '../connection/service-errors.ts';
import type { Context } from '../context.ts';
import type { GlobalOptions } from '../global-options.ts';
import { checkEmail, checkEmailOption, readStdinSecrets } from '../terminal/answers.ts';
import { formatHelp } from '../terminal/help-text.ts';
import { readMinLength, submitNewPassword } from '../terminal/new-password.ts';
import { requireAnswers } from '../terminal/terminal.ts';

interface RegisterOptions extends GlobalOptions {
  readonly email?: string;
  readonly passwordStdin?: boolean;
}

const help = formatHelp({
  examples: [
    ['authsvc register', 'asks for the email and the password'],
    ['printf %s "$PW" | authsvc register --email ada@example.com --password-stdin', 'asks nothing'],
  ],
  json: ['{"email":"ada@example.com","server":"http://127.0.0.1:4100"}'],
});

/** `authsvc register` */
export function createCommand(context: Context): Command {
  return new Command('register')
    .description('Create an account')
    .option('--email <email>', 'the address of the new account')
    .option('--password-stdin', 'read the password from standard input')
    .addHelpText('after', help)
    .action((_, command: Command) => register(context, command.optsWithGlobals<RegisterOptions>()));
}

async function register(context: Context, options: RegisterOptions): Promise<void> {
  const setup = await prepareCommand(context, options);
  const { terminal, store, server } = setup;
  checkEmailOption(options.email);
  requireAnswers(terminal, [
    ['--email', options.email !== undefined],
    ['--password-stdin', options.passwordStdin === true],
  ]);
  const { password } = await readStdinSecrets(context, terminal, options);

  const { email } = await submit(context, setup, { email: options.email, password });
  store.use({ server, email });
  terminal.printJson({ email, server });
  terminal.succeed(
    `Registered ${terminal.notePaint.bold(email)}`,
    terminal.describeNext({ say: 'Next', command: shell`authsvc login` }),
  );
}

interface Given {
  readonly email: string | undefined;
  readonly password: string | undefined;
}

async function submit(context: Context, { terminal, client, server }: CommandSetup, given: Given) {
  try {
    const email = given.email ?? (await terminal.askText({ label: 'Email', check: checkEmail }));
    if (given.password !== undefined) return await client.register({ email, password: given.password });
    return await submitNewPassword({
      terminal,
      label: 'Password',
      email,
      minLength: readMinLength(context.env),
      confirm: true,
      submit: (password) => client.register({ email, password }),
    });
  } catch (error) {
    throw withNextStep(error, 'email_taken', {
      say: `If it is yours on ${new URL(server).host}, log in`,
      command: shell`authsvc login`,
    });
  }
}
