import type { InvitedBody } from '@authsvc/client/contract';
import { shell } from '@authsvc/client/shell-command';
import { Command } from 'commander';
import type { Context } from '../context.ts';
import { askDaemon } from '../daemon/ask-daemon.ts';
import { noPages } from '../errors.ts';
import type { GlobalOptions } from '../global-options.ts';
import { checkEmailOption } from '../terminal/answers.ts';
import { formatHelp } from '../terminal/help-text.ts';
import { createTerminal } from '../terminal/terminal.ts';
import { describeDate } from '../terminal/times.ts';

interface InviteOptions extends GlobalOptions {
  readonly role?: string;
  readonly link?: boolean;
}

const help = formatHelp({
  examples: [
    ['authsvc users invite ada@example.com', 'mails the invitation; without a mail server, prints its token'],
    ['authsvc users invite ada@example.com --role editor', 'the account gets this role'],
    ['authsvc users invite ada@example.com --link', 'without a mail server, prints a link to pass on'],
  ],
  json: [
    '{"email":"ada@example.com","role":"user","invitation_token":"a4d19e2f-88f1-4bc4-89f7-7d39b98a3d44","link":"https://app.example.com/auth/invitation?email=…&token=…","expires_at":"2026-11-29T16:40:00.000Z"}',
    'the last three are null when the invitation goes by mail',
  ],
});

/** `authsvc users invite` */
export function createInviteCommand(context: Context): Command {
  return new Command('invite')
    .description('Invite someone to make an account with this email; a newer invitation voids an older one')
    .argument('<email>', 'the address that the account will have')
    .option('--role <role>', 'of the account: a letter a-z, then at most 31 of a-z, 0-9, _ and -')
    .option('--link', 'print a link to the page where the token is used, unless it goes by mail')
    .addHelpText('after', help)
    .action((email: string, _, command: Command) => invite(context, email, command.optsWithGlobals()));
}

async function invite(context: Context, email: string, options: InviteOptions): Promise<void> {
  const terminal = await createTerminal(context, options);
  checkEmailOption(email, '<email>');
  const { role, link: wantsLink = false } = options;
  const body = { email, ...(role !== undefined && { role }) };
  const invited = await askDaemon<InvitedBody>(context, { method: 'POST', path: '/users/invite', body });
  const { invitation_token: token, link, expires_at: expiresAt } = invited;
  terminal.printJson(invited);
  const shown = terminal.notePaint.bold(invited.email);
  if (token === null || expiresAt === null) {
    terminal.succeed(`Invited ${shown} by mail${wantsLink ? ', which holds the link: it is not printed' : ''}`);
    return;
  }
  if (wantsLink && link === null) throw noPages();
  terminal.printLines(wantsLink && link !== null ? link : token);
  await terminal.flush({
    what: 'The invitation',
    why: 'It was made but is lost, since its token is not stored anywhere.',
    next: { say: 'Make another', command: shell`authsvc users invite ${invited.email}` },
  });
  terminal.succeed(
    `Invitation for ${shown}, good once until ${describeDate(expiresAt)}`,
    terminal.describeNext({
      say: 'They run',
      command: shell`authsvc register --email ${invited.email} --invitation-stdin`,
    }),
  );
}
