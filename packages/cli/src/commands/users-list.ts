import type { UserDetailBody, UserListBody } from '@authsvc/client/contract';
import { shell } from '@authsvc/client/shell-command';
import { Command } from 'commander';
import type { Context } from '../context.ts';
import { emailKey } from '../session-store/account-index.ts';
import { describeDate, describeTimeSince } from '../expiry.ts';
import { formatTable } from '../format-table.ts';
import type { GlobalOptions } from '../global-options.ts';
import { askDaemon, withQuery } from '../operator/ask-daemon.ts';
import { createTerminal } from '../terminal.ts';
import { formatHelp } from './help-text.ts';
import { SESSION_JSON, USER_JSON } from './users-json.ts';

interface ListOptions extends GlobalOptions {
  readonly search?: string;
  readonly after?: string;
  readonly limit?: string;
}

/** `authsvc users list` */
export function createListCommand(context: Context): Command {
  const help = formatHelp({
    examples: [['authsvc users list --search ada --limit 10', 'the first ten with "ada" in their email']],
    json: [`{"users":[${USER_JSON}],"next":null}`, 'next is what to give to --after, or null behind the last'],
  });
  return new Command('list')
    .description('List accounts by their email')
    .option('--search <text>', 'part of the email')
    .option('--limit <count>', 'how many, 1 to 1000', '50')
    .option('--after <email>', 'go on behind this email')
    .addHelpText('after', help)
    .action((_, command: Command) => listUsers(context, command.optsWithGlobals<ListOptions>()));
}

/** `authsvc users show` */
export function createShowCommand(context: Context): Command {
  const help = formatHelp({
    examples: [['authsvc users show ada@example.com', 'when it was made, and where it is logged in']],
    json: [`${USER_JSON.slice(0, -1)},"password_cost":12,"sessions":[${SESSION_JSON}]}`],
  });
  return new Command('show')
    .description('Show an account and its open sessions')
    .argument('<email>', 'the account')
    .addHelpText('after', help)
    .action((email: string, _, command: Command) => showUser(context, email, command.optsWithGlobals()));
}

async function listUsers(context: Context, options: ListOptions): Promise<void> {
  const terminal = await createTerminal(context, options);
  const { search, after, limit } = options;
  const path = withQuery('/users', { search, after: after === undefined ? undefined : emailKey(after), limit });
  const body = await askDaemon<UserListBody>(context, { method: 'GET', path });
  terminal.printJson(body);
  const { green, dim, bold, yellow } = terminal.paint;
  terminal.printLines(
    ...formatTable(
      body.users.map(({ email, created_at, disabled_at }) => [
        disabled_at === null ? { text: '●', paint: green } : { text: '○', paint: dim },
        { text: email, paint: bold },
        `since ${describeDate(created_at)}`,
        disabled_at === null ? '' : { text: 'disabled', paint: yellow },
      ]),
    ),
  );
  if (body.users.length === 0) terminal.succeed('There is no such account');
  if (body.next === null || terminal.isJson) return;
  const command = shell`authsvc users list --after ${body.next}`;
  terminal.succeed(terminal.describeNext({ say: 'More', command }));
}

async function showUser(context: Context, email: string, options: GlobalOptions): Promise<void> {
  const terminal = await createTerminal(context, options);
  const path = withQuery('/users/show', { email });
  const user = await askDaemon<UserDetailBody>(context, { method: 'GET', path });
  terminal.printJson(user);
  const { bold } = terminal.paint;
  terminal.printLines(
    `Email     ${bold(user.email)}`,
    `Id        ${user.id}`,
    `Role      ${user.role}`,
    `Verified  ${user.email_verified ? 'yes' : 'no'}`,
    `Since     ${describeDate(user.created_at)}`,
    `Status    ${user.disabled_at === null ? 'active' : `disabled since ${describeDate(user.disabled_at)}`}`,
    `Password  bcrypt, cost ${user.password_cost}`,
    `Sessions  ${user.sessions.length}`,
    ...formatTable(
      user.sessions.map(({ id, last_used_at, address, user_agent }) => [
        `  ${id.slice(0, 8)}`,
        `used ${describeTimeSince(last_used_at, context.now())}`,
        address,
        user_agent ?? '',
      ]),
    ),
  );
}
