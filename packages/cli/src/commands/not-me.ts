import { shell } from '@authsvc/client/shell-command';
import { Command } from 'commander';
import { prepareCommand } from '../connection/prepare-command.ts';
import { withNextStep } from '../connection/service-errors.ts';
import type { Context } from '../context.ts';
import type { GlobalOptions } from '../global-options.ts';
import { checkPresent, readStdinSecrets } from '../terminal/answers.ts';
import { formatHelp } from '../terminal/help-text.ts';
import { requireAnswers } from '../terminal/terminal.ts';

interface NotMeOptions extends GlobalOptions {
  readonly tokenStdin?: boolean;
}

const help = formatHelp({
  examples: [
    ['authsvc not-me', 'asks for the token of the mail'],
    ['printf %s "$TOKEN" | authsvc not-me --token-stdin', 'asks nothing'],
  ],
  json: ['{"server":"http://127.0.0.1:4100","status":"account_locked"}'],
});

/** `authsvc not-me` */
export function createCommand(context: Context): Command {
  return new Command('not-me')
    .description('Take your account back with the token of a notice: ends all that is open, and locks it until a reset')
    .option('--token-stdin', 'read the token from standard input')
    .addHelpText('after', help)
    .action((_, command: Command) => sayNotMe(context, command.optsWithGlobals<NotMeOptions>()));
}

async function sayNotMe(context: Context, options: NotMeOptions): Promise<void> {
  const setup = await prepareCommand(context, options);
  const { client, terminal, server } = setup;
  requireAnswers(terminal, [['--token-stdin', options.tokenStdin === true]]);
  const secrets = await readStdinSecrets(context, terminal, options);
  const token = secrets.token ?? (await terminal.askSecret({ label: 'Token of the notice', check: checkPresent }));
  const reset = shell`authsvc reset`;
  await client.notMe(token).catch((error) => {
    const next = { say: 'You can still choose a new password, which ends all sessions', command: reset };
    throw withNextStep(error, 'invalid_not_me_token', next);
  });
  terminal.printJson({ server, status: 'account_locked' });
  terminal.succeed(
    'Everyone is logged out, and the account is locked until you choose a new password',
    terminal.describeNext({ say: 'Next', command: reset }),
  );
}
