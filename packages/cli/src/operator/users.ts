import { ApiRefusal } from '@authsvc/client';
import type { OperatedUser, UserDetailBody, UserListBody } from '@authsvc/client/contract';
import { type ShellCommand, shell } from '@authsvc/client/shell-command';
import { Command, Option } from 'commander';
import { withNextStep } from '../connection/service-errors.ts';
import type { Context } from '../context.ts';
import { askDaemon, withQuery } from '../daemon/ask-daemon.ts';
import { noSecondFactor, usageError } from '../errors.ts';
import type { GlobalOptions } from '../global-options.ts';
import { emailKey } from '../session-store/account-index.ts';
import { checkEmailOption } from '../terminal/answers.ts';
import { formatHelp } from '../terminal/help-text.ts';
import { formatTable } from '../terminal/table.ts';
import { createTerminal, requireAnswers, type Terminal } from '../terminal/terminal.ts';
import { describeDate, describeTimeSince } from '../terminal/times.ts';
import { createExportCommand, createImportCommand } from './users-import-export.ts';
import { createInviteCommand } from './users-invite.ts';
import { createResetCommand } from './users-reset.ts';

const ID = '5b0c1c9e-1f0a-4f6e-9d53-0d5f4a1f1c11';

/** An account and a session as the help publishes them. */
const USER_JSON = `{"id":"${ID}","email":"ada@example.com","email_verified":false,"role":"user","created_at":"2026-11-22T16:40:00.000Z","updated_at":"2026-11-22T16:40:00.000Z","disabled_at":null,"locked_at":null,"second_factor_at":null}`;
const LISTED_JSON = `${USER_JSON.slice(0, -1)},"last_login_at":"2026-11-22T16:50:00.000Z"}`;
const SESSION_JSON = `{"id":"${ID}","created_at":"2026-11-22T16:40:00.000Z","last_used_at":"2026-11-22T16:40:00.000Z","expires_at":"2026-12-22T16:40:00.000Z","address":"127.0.0.1","user_agent":"authsvc"}`;

const DEVICE_JSON = `{"id":"${ID}","created_at":"2026-11-22T16:40:00.000Z","last_login_at":"2026-11-22T16:40:00.000Z","address":"127.0.0.1","user_agent":"authsvc"}`;

/** `authsvc users` */
export function createCommand(context: Context, endWith: (status: number) => void): Command {
  const group = new Command('users')
    .description('Manage the accounts, as the operator of the daemon on this machine')
    .addHelpText(
      'after',
      formatHelp({
        examples: [
          ['authsvc users list --search example.com', 'finds accounts'],
          ['authsvc users invite ada@example.com --role editor', 'invites someone to make an account'],
          ['authsvc users reset ada@example.com', 'makes a reset token to pass on'],
          ['authsvc users revoke --all', 'ends every session of every account'],
        ],
      }),
    );
  const commands = [
    createListCommand(context),
    createShowCommand(context),
    createInviteCommand(context),
    ...createChangeCommands(context),
    createSetCommand(context),
    createRevokeCommand(context),
    createResetCommand(context),
    createImportCommand(context, endWith),
    createExportCommand(context),
  ];
  for (const command of commands) group.addCommand(command);
  return group;
}

interface ListOptions extends GlobalOptions {
  readonly search?: string;
  readonly role?: string;
  readonly verified?: boolean;
  readonly unverified?: boolean;
  readonly after?: string;
  readonly limit?: string;
}

/** `authsvc users list` */
function createListCommand(context: Context): Command {
  const help = formatHelp({
    examples: [
      ['authsvc users list --search ada --limit 10', 'the first ten with "ada" in their email'],
      ['authsvc users list --unverified --role admin', 'admins whose email is not verified'],
    ],
    json: [`{"users":[${LISTED_JSON}],"next":null}`, 'next is the value for --after, or null on the last page'],
  });
  return new Command('list')
    .description('List accounts in the order of their emails')
    .option('--search <text>', 'part of the email')
    .option('--role <role>', 'of this role alone')
    .addOption(new Option('--verified', 'only verified emails').conflicts('unverified'))
    .addOption(new Option('--unverified', 'only emails that are not verified').conflicts('verified'))
    .option('--limit <count>', 'how many, 1 to 1000', '50')
    .option('--after <email>', 'start after this email')
    .addHelpText('after', help)
    .action((_, command: Command) => listUsers(context, command.optsWithGlobals<ListOptions>()));
}

/** `authsvc users show` */
function createShowCommand(context: Context): Command {
  const help = formatHelp({
    examples: [['authsvc users show ada@example.com', 'when it was made, and where it is logged in']],
    json: [`${LISTED_JSON.slice(0, -1)},"password_cost":12,"sessions":[${SESSION_JSON}],"devices":[${DEVICE_JSON}]}`],
  });
  return new Command('show')
    .description('Show an account, its open sessions and its known devices')
    .argument('<email>', 'the account')
    .addHelpText('after', help)
    .action((email: string, _, command: Command) => showUser(context, email, command.optsWithGlobals()));
}

async function listUsers(context: Context, options: ListOptions): Promise<void> {
  const terminal = await createTerminal(context, options);
  const { search, role, after, limit } = options;
  const verified = (options.verified && 'true') || (options.unverified && 'false') || undefined;
  const from = after === undefined ? undefined : emailKey(after);
  const path = withQuery('/users', { search, role, verified, after: from, limit });
  const body = await askDaemon<UserListBody>(context, { method: 'GET', path });
  terminal.printJson(body);
  const { green, dim, bold, yellow } = terminal.paint;
  terminal.printLines(
    ...formatTable(
      body.users.map(
        ({ email, email_verified, role: has, second_factor_at, created_at, last_login_at, disabled_at, locked_at }) => [
          disabled_at === null && locked_at === null ? { text: '●', paint: green } : { text: '○', paint: dim },
          { text: email, paint: bold },
          has,
          email_verified ? 'verified' : { text: 'unverified', paint: dim },
          `since ${describeDate(created_at)}`,
          last_login_at === null ? 'never logged in' : `logged in ${describeTimeSince(last_login_at, context.now())}`,
          second_factor_at === null ? '' : 'second factor',
          { text: [disabled_at && 'disabled', locked_at && 'locked'].filter(Boolean).join(', '), paint: yellow },
        ],
      ),
    ),
  );
  const isFiltered = [search, role, verified].some((one) => one !== undefined);
  if (body.users.length === 0) {
    terminal.succeed(isFiltered || after !== undefined ? 'There is no such account' : 'There is no account yet');
  }
  if (body.next === null || terminal.isJson) return;
  const next = isFiltered
    ? { say: 'More, with the same options and', command: shell`--after ${body.next}` }
    : { say: 'More', command: shell`authsvc users list --after ${body.next}` };
  terminal.succeed(terminal.describeNext(next));
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
    `Login     ${user.last_login_at === null ? 'never' : describeTimeSince(user.last_login_at, context.now())}`,
    `Status    ${describeStatus(user)}`,
    `Password  bcrypt, cost ${user.password_cost}`,
    `Factor    ${user.second_factor_at === null ? 'none' : `on since ${describeDate(user.second_factor_at)}`}`,
    `Sessions  ${user.sessions.length}`,
    ...formatTable(
      user.sessions.map(({ id, last_used_at, address, user_agent }) => [
        `  ${id.slice(0, 8)}`,
        `used ${describeTimeSince(last_used_at, context.now())}`,
        address,
        user_agent ?? '',
      ]),
    ),
    `Devices   ${user.devices.length}`,
    ...formatTable(
      user.devices.map(({ id, last_login_at, address, user_agent }) => [
        `  ${id.slice(0, 8)}`,
        `logged in ${describeTimeSince(last_login_at, context.now())}`,
        address,
        user_agent ?? '',
      ]),
    ),
  );
}

function describeStatus({ disabled_at, locked_at }: OperatedUser): string {
  const closed = [
    disabled_at === null ? [] : `disabled since ${describeDate(disabled_at)}`,
    locked_at === null ? [] : `locked by its owner since ${describeDate(locked_at)}`,
  ].flat();
  return closed.join(', ') || 'active';
}

interface ChangeOptions extends GlobalOptions {
  readonly all?: boolean;
  readonly yes?: boolean;
}

const changes = [
  {
    name: 'disable',
    description: 'Keep an account from logging in, and end its sessions',
    done: 'may no longer log in; every session has ended',
    example: 'its password stays, and works again after enable',
    json: USER_JSON.replace('"disabled_at":null', '"disabled_at":"2026-11-22T16:50:00.000Z"'),
  },
  {
    name: 'enable',
    description: 'Let a disabled account log in again',
    done: 'may log in again',
    example: 'with the password it had',
    json: USER_JSON,
  },
  {
    name: 'verify',
    description: 'Mark an email as verified: as known to belong to the owner of the account',
    done: 'is verified',
    example: 'GET /whoami then says "email_verified": true',
    json: USER_JSON.replace('"email_verified":false', '"email_verified":true'),
  },
  {
    name: 'unlock',
    description: 'Let people log in again to an account that its owner locked, by the link of a notice',
    done: 'is not locked any more: its password logs in',
    example: 'make sure that it is the owner who asks; a reset by mail unlocks it too',
    json: USER_JSON,
  },
  {
    name: 'reset-mfa',
    description: 'Take the second factor of an account away, for an owner who lost it',
    done: 'has no second factor: the password alone logs in',
    example: 'make sure that it is the owner who asks',
    json: USER_JSON,
  },
  {
    name: 'delete',
    description: 'Delete an account and all that belongs to it',
    done: 'is deleted, with all that belonged to it',
    example: 'asks first; --yes does not',
    json: USER_JSON,
  },
] as const;

/** `authsvc users disable`, `enable`, `verify`, `unlock`, `reset-mfa` and `delete` */
function createChangeCommands(context: Context): Command[] {
  return changes.map(({ name, description, done, example, json }) => {
    const command = new Command(name)
      .description(description)
      .argument('<email>', 'the account')
      .addHelpText(
        'after',
        formatHelp({ examples: [[shell`authsvc users ${name} ada@example.com`, example]], json: [json] }),
      )
      .action(async (email: string, _: unknown, run: Command) => {
        await changeUser(context, { name, email, done }, run.optsWithGlobals<ChangeOptions>());
      });
    return name === 'delete' ? command.option('--yes', 'do not ask') : command;
  });
}

/** `authsvc users set` */
function createSetCommand(context: Context): Command {
  const help = formatHelp({
    examples: [['authsvc users set ada@example.com --role admin', 'GET /whoami then says "role": "admin"']],
    json: [USER_JSON.replace('"role":"user"', '"role":"admin"')],
  });
  return new Command('set')
    .description('Set the role of an account, which GET /whoami shows to applications')
    .argument('<email>', 'the account')
    .requiredOption('--role <role>', 'a letter a-z, then at most 31 of a-z, 0-9, _ and -')
    .addHelpText('after', help)
    .action((email: string, _, command: Command) =>
      setRole(context, email, command.optsWithGlobals<GlobalOptions & { role: string }>()),
    );
}

/** `authsvc users revoke` */
function createRevokeCommand(context: Context): Command {
  const help = formatHelp({
    examples: [
      ['authsvc users revoke ada@example.com', 'ends every session of one account'],
      ['authsvc users revoke --all', 'ends every session of every account'],
    ],
    json: [USER_JSON, 'with --all:', '{"ended":42}'],
  });
  return new Command('revoke')
    .description('End the sessions of an account, or of all, and forget its known devices')
    .argument('[email]', 'the account')
    .option('--all', 'of every account')
    .addHelpText('after', help)
    .action((email: string | undefined, _, command: Command) =>
      revoke(context, email, command.optsWithGlobals<ChangeOptions>()),
    );
}

async function changeUser(
  context: Context,
  { name, email, done }: { name: string; email: string; done: string },
  options: ChangeOptions,
): Promise<void> {
  const terminal = await createTerminal(context, options);
  checkEmailOption(email, '<email>');
  if (name === 'delete' && !options.yes) {
    requireAnswers(terminal, [['--yes', false]]);
    const check = (typed: string) => (typed === email ? undefined : 'That is not the email of this account');
    await terminal.askText({ label: 'Type the email to delete it', check });
  }
  const request = { method: 'POST', path: `/users/${name}`, body: { email } } as const;
  const user = await askDaemon<OperatedUser>(context, request).catch((error: unknown) => {
    if (error instanceof ApiRefusal && error.code === 'not_found') throw noSecondFactor(error);
    if (name !== 'verify') throw error;
    const next = { say: 'Invite someone who has no account', command: shell`authsvc users invite ${email}` };
    throw withNextStep(error, 'unknown_email', next);
  });
  terminal.printJson(user);
  terminal.succeed(`${terminal.notePaint.bold(user.email)} ${done}`);
  if (name === 'enable' && user.locked_at !== null) {
    warnStillClosed(terminal, 'locked', shell`authsvc users unlock ${user.email}`);
  }
  if (name === 'unlock' && user.disabled_at !== null) {
    warnStillClosed(terminal, 'disabled', shell`authsvc users enable ${user.email}`);
  }
}

function warnStillClosed(terminal: Terminal, state: string, command: ShellCommand): void {
  terminal.warn(`The account is still ${state}; ${terminal.describeNext({ say: 'to change that', command })}`);
}

async function setRole(context: Context, email: string, options: GlobalOptions & { role: string }): Promise<void> {
  const terminal = await createTerminal(context, options);
  checkEmailOption(email, '<email>');
  const body = { email, role: options.role };
  const user = await askDaemon<OperatedUser>(context, { method: 'POST', path: '/users/set', body });
  terminal.printJson(user);
  terminal.succeed(`${terminal.notePaint.bold(user.email)} has the role ${terminal.notePaint.bold(user.role)}`);
}

async function revoke(context: Context, email: string | undefined, options: ChangeOptions): Promise<void> {
  const terminal = await createTerminal(context, options);
  if ((email === undefined) === (options.all !== true)) {
    throw usageError('Say whose: an email, or --all');
  }
  if (email === undefined) {
    const { ended } = await askDaemon<{ ended: number }>(context, { method: 'POST', path: '/sessions/revoke-all' });
    terminal.printJson({ ended });
    terminal.succeed(`Ended ${ended} ${ended === 1 ? 'session' : 'sessions'}; all users have to log in again`);
    return;
  }
  const done = 'has no open session any more, and no known device';
  await changeUser(context, { name: 'revoke', email, done }, options);
}
