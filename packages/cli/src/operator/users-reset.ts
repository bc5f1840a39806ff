import { ApiRefusal } from '@authsvc/client';
import type { IssuedResetBody, UserDetailBody } from '@authsvc/client/contract';
import { shell } from '@authsvc/client/shell-command';
import { Command } from 'commander';
import { describeRefusal } from '../connection/service-errors.ts';
import type { Context } from '../context.ts';
import { askDaemon, withQuery } from '../daemon/ask-daemon.ts';
import { type NextStep, noPages } from '../errors.ts';
import type { GlobalOptions } from '../global-options.ts';
import { checkEmailOption } from '../terminal/answers.ts';
import { formatHelp } from '../terminal/help-text.ts';
import { createTerminal } from '../terminal/terminal.ts';
import { describeDate } from '../terminal/times.ts';

interface ResetOptions extends GlobalOptions {
  readonly link?: boolean;
}

/** `authsvc users reset` */
export function createResetCommand(context: Context): Command {
  const help = formatHelp({
    examples: [
      ['authsvc users reset ada@example.com', 'prints the token on standard output'],
      ['authsvc users reset ada@example.com --link', 'prints a link to the page where it is used'],
    ],
    json: [
      '{"email":"ada@example.com","reset_token":"a4d19e2f-88f1-4bc4-89f7-7d39b98a3d44","link":"https://app.example.com/auth/reset?email=ada%40example.com&token=…","expires_at":"2026-11-22T16:50:00.000Z"}',
    ],
  });
  return new Command('reset')
    .description('Make a reset token for an account, to pass on to its owner')
    .argument('<email>', 'the account')
    .option('--link', 'print a link to the page where the token is used')
    .addHelpText('after', help)
    .action((email: string, _, command: Command) => issueReset(context, email, command.optsWithGlobals()));
}

async function issueReset(context: Context, email: string, options: ResetOptions): Promise<void> {
  const terminal = await createTerminal(context, options);
  checkEmailOption(email, '<email>');
  const issued = await askDaemon<IssuedResetBody>(context, {
    method: 'POST',
    path: '/users/reset',
    body: { email },
  }).catch(async (error: unknown) => {
    const isRefused = error instanceof ApiRefusal && error.code === 'unknown_email';
    throw isRefused && (await isLocked(context, email)) ? describeRefusal(error, unlock(email)) : error;
  });
  terminal.printJson(issued);
  if (options.link && !issued.link) throw noPages();
  terminal.printLines(options.link && issued.link ? issued.link : issued.reset_token);
  await terminal.flush({
    what: 'The reset token',
    why: 'It was made but is lost, since it is not stored anywhere.',
    next: { say: 'Make another', command: shell`authsvc users reset ${issued.email}` },
  });
  terminal.succeed(
    `Reset token for ${terminal.notePaint.bold(issued.email)}, good once until ${describeDate(issued.expires_at)}`,
    terminal.describeNext({
      say: 'Its owner runs',
      command: shell`authsvc reset --email ${issued.email} --token-stdin`,
    }),
  );
}

/** Why no reset token was made; the daemon answers both with one code. */
async function isLocked(context: Context, email: string): Promise<boolean> {
  const request = { method: 'GET', path: withQuery('/users/show', { email }) } as const;
  const user = await askDaemon<UserDetailBody>(context, request).catch(() => undefined);
  return user !== undefined && user.locked_at !== null;
}

function unlock(email: string): NextStep {
  return { say: 'If you know that it is the owner who asks', command: shell`authsvc users unlock ${email}` };
}
