import { Command } from 'commander';
import { asOwner, getCurrentSession } from '../connection/current-session.ts';
import { type CommandSetup, prepareCommand } from '../connection/prepare-command.ts';
import type { Context } from '../context.ts';
import type { GlobalOptions } from '../global-options.ts';
import { isSameAccount } from '../session-store/account-index.ts';
import { formatHelp } from '../terminal/help-text.ts';
import { describeTimeLeft } from '../terminal/times.ts';

interface ProfileOptions extends GlobalOptions {
  readonly email?: string;
  readonly all?: boolean;
}

const help = formatHelp({
  examples: [
    ['authsvc profile', 'asks the server who is logged in'],
    ['authsvc profile --email ada@example.com', 'the same for another account, which is then the one used last'],
    ['authsvc profile --all', 'lists every session stored on this machine; asks no server'],
  ],
  json: [
    '{"email":"ada@example.com","server":"http://127.0.0.1:4100","storage":"keychain","expires_at":"2026-12-22T16:40:00Z"}',
    'storage is "keychain", "file" or "environment"; expires_at is null when it is not known; with --all:',
    '{"accounts":[{"email":"ada@example.com","server":"http://127.0.0.1:4100","storage":"keychain","expires_at":"2026-12-22T16:40:00Z","current":true}]}',
  ],
});

/** `authsvc profile` */
export function createCommand(context: Context): Command {
  return new Command('profile')
    .description('Show who is logged in')
    .option('--email <email>', 'the account, if not the one used last')
    .option('--all', 'list every session stored on this machine')
    .addHelpText('after', help)
    .action(async (_, command: Command) => {
      const options = command.optsWithGlobals<ProfileOptions>();
      const setup = await prepareCommand(context, options);
      if (options.all) listAccounts(context, setup);
      else await showProfile(context, setup, options);
    });
}

async function showProfile(context: Context, setup: CommandSetup, options: ProfileOptions): Promise<void> {
  const { terminal, server, client, store } = setup;
  const session = await getCurrentSession(context, setup, options.email);
  const { email } = await asOwner(session, client.profile(session));

  const { account } = session;
  if (account) store.use(account);
  const expiresAt = account?.expires_at ?? null;
  terminal.printJson({ email, server, storage: account?.storage ?? 'environment', expires_at: expiresAt });
  const { bold } = terminal.paint;
  terminal.printLines(
    `Email    ${bold(email)}`,
    `Server   ${bold(server)}`,
    account
      ? `Session  ${account.storage}, ${describeTimeLeft(expiresAt, context.now())}`
      : 'Session  environment (AUTHSVC_SESSION)',
  );
}

function listAccounts({ now }: Context, { terminal, store }: CommandSetup): void {
  const { accounts, current } = store.index();
  const isCurrent = (account: (typeof accounts)[number]) => current !== null && isSameAccount(account, current);
  terminal.printJson({
    accounts: accounts.map((account) => {
      const { email, server, storage, expires_at } = account;
      return { email, server, storage, expires_at, current: isCurrent(account) };
    }),
  });
  if (accounts.length === 0) terminal.succeed('No session is stored on this machine');
  const { green, dim, bold } = terminal.paint;
  const emailWidth = Math.max(...accounts.map(({ email }) => email.length));
  const serverWidth = Math.max(...accounts.map(({ server }) => server.length));
  terminal.printLines(
    ...accounts.map((account) => {
      const mark = isCurrent(account) ? green('●') : dim('○');
      const name = `${bold(account.email.padEnd(emailWidth))}  ${account.server.padEnd(serverWidth)}`;
      return `${mark} ${name}  ${account.storage}, ${describeTimeLeft(account.expires_at, now())}`;
    }),
  );
}
