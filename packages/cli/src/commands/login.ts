import type { NewSession } from '@authsvc/client';
import { shell } from '@authsvc/client/shell-command';
import { Command, Option } from 'commander';
import { type CommandSetup, prepareCommand } from '../connection/prepare-command.ts';
import { withNextStep } from '../connection/service-errors.ts';
import type { Context } from '../context.ts';
import { type CliError, lostOutput } from '../errors.ts';
import type { GlobalOptions } from '../global-options.ts';
import { lastUsedEmail } from '../session-store/account-index.ts';
import { type ChosenStorage, chooseStorage, readStorageWish } from '../session-store/choose-storage.ts';
import { CODE_STDIN, checkEmail, checkEmailOption, checkPresent, readStdinSecrets } from '../terminal/answers.ts';
import { formatHelp } from '../terminal/help-text.ts';
import { requireAnswers } from '../terminal/terminal.ts';
import { describeExpiryDate, expiryFrom } from '../terminal/times.ts';

interface LoginOptions extends GlobalOptions {
  readonly email?: string;
  readonly passwordStdin?: boolean;
  readonly codeStdin?: boolean;
  readonly storage?: string;
  readonly printSession?: boolean;
}

const help = formatHelp({
  examples: [
    ['authsvc login', 'asks for the email and the password'],
    ['printf %s "$PW" | authsvc login --email ada@example.com --password-stdin', 'asks nothing'],
    [
      'printf "%s\\n%s" "$PW" "$CODE" | authsvc login --email ada@example.com --password-stdin --code-stdin',
      'the same for an account with a second factor: the password on the first line, the code on the second',
    ],
    ['authsvc login --print-session', 'stores nothing; prints the value for AUTHSVC_SESSION'],
  ],
  json: [
    '{"email":"ada@example.com","server":"http://127.0.0.1:4100","storage":"keychain","expires_at":"2026-12-22T16:40:00Z"}',
    'storage is "keychain" or "file"; with --print-session it is "none", and "session" holds the token',
  ],
});

/** `authsvc login` */
export function createCommand(context: Context): Command {
  return new Command('login')
    .description('Log in, and keep the session in the system keychain')
    .option('--email <email>', 'the account')
    .option('--password-stdin', 'read the password from standard input')
    .option(...CODE_STDIN)
    .addOption(storageOption())
    .addOption(
      new Option('--print-session', 'store nothing and print the session token, for AUTHSVC_SESSION').conflicts(
        'storage',
      ),
    )
    .addHelpText('after', help)
    .action((_, command: Command) => logIn(context, command.optsWithGlobals<LoginOptions>()));
}

/** commander lists and completes the choices; they are checked together with AUTHSVC_STORAGE. */
function storageOption(): Option {
  const option = new Option('--storage <where>', 'where to keep the session (AUTHSVC_STORAGE)');
  option.argChoices = ['keychain', 'file'];
  return option;
}

async function logIn(context: Context, options: LoginOptions): Promise<void> {
  const setup = await prepareCommand(context, options);
  const { terminal, client, store, devices, server } = setup;
  const wish = readStorageWish(options.storage, context.env.AUTHSVC_STORAGE);
  checkEmailOption(options.email);
  requireAnswers(terminal, [
    ['--email', options.email !== undefined],
    ['--password-stdin', options.passwordStdin === true],
  ]);
  const secrets = await readStdinSecrets(context, terminal, options);

  const chosen = options.printSession ? undefined : await chooseStorage(context.keychain, wish);
  if (chosen?.missing !== undefined) {
    terminal.warn(`No system keychain here (${chosen.missing}): the session is kept in a file that only you can read`);
  }
  const email = options.email ?? (await askEmail());
  const password = secrets.password ?? (await terminal.askSecret({ label: 'Password', check: checkPresent }));
  if (chosen) store.prepare();
  const stored = devices.find({ server, email });
  // A login that stores nothing also works where what is stored cannot be read.
  const deviceToken = await (chosen ? stored : stored.catch(() => undefined));
  const answer = await client.logIn({ email, password }, deviceToken).catch((error: unknown) => {
    const next = { say: 'If you forgot the password, choose another', command: shell`authsvc reset` };
    throw withNextStep(error, 'invalid_credentials', next);
  });
  let isByRecoveryCode = false;
  const session = 'secondFactorToken' in answer ? await complete(answer.secondFactorToken) : answer;
  const expiresAt = expiryFrom(context.now(), session.lifetimeSeconds);

  if (chosen) await keep(context, setup, session, expiresAt, chosen);
  else await print(setup, session, expiresAt);
  if (isByRecoveryCode) await tellWhatIsLeft(setup, session);

  function askEmail(): Promise<string> {
    return terminal.askText({ label: 'Email', fallback: lastUsedEmail(store.index(), server), check: checkEmail });
  }

  async function complete(secondFactorToken: string): Promise<NewSession> {
    // Loaded here, since most logins need no code.
    const { isTotpCode, submitCode } = await import('../terminal/second-factor.ts');
    try {
      return await submitCode({ terminal, given: secrets.code }, async (code) => {
        const completed = await client.logInWithCode({ secondFactorToken, code }, deviceToken);
        isByRecoveryCode = !isTotpCode(code);
        return completed;
      });
    } catch (error) {
      throw withNextStep(error, 'second_factor_expired', { say: 'Begin again', command: shell`authsvc login` });
    }
  }
}

/** The login is done by now: an answer that does not come must not hide that. */
async function tellWhatIsLeft({ terminal, client }: CommandSetup, session: NewSession): Promise<void> {
  const factors = await client.listFactors(session).catch(() => undefined);
  if (!factors) return;
  const { tellCodesLeft } = await import('./recovery-codes.ts');
  tellCodesLeft(terminal, factors.recoveryCodes);
}

async function keep(
  { env }: Context,
  { terminal, store, devices, server, client }: CommandSetup,
  session: NewSession,
  expiresAt: string | null,
  { place }: ChosenStorage,
): Promise<void> {
  const { email, token, cookie, deviceToken } = session;
  let cleared: boolean;
  try {
    if (deviceToken !== undefined) await devices.save({ server, email, ...place }, deviceToken);
    ({ cleared } = await store.save({ server, email, ...place, expires_at: expiresAt, cookie }, token));
  } catch (error) {
    // Do not leave a session open that is not stored. If that fails too, report the first failure.
    await client.logOut(session).catch(() => undefined);
    throw error;
  }
  terminal.printJson({ email, server, storage: place.storage, expires_at: expiresAt });
  const where = place.storage === 'keychain' ? 'in the system keychain' : 'in a file that only you can read';
  terminal.succeed(
    describe(server, email, terminal.notePaint.bold),
    `Session saved ${where}; ${describeExpiryDate(expiresAt)}`,
  );
  if (!cleared) terminal.warn('The earlier session is still in the system keychain, which did not delete it');
  if (env.AUTHSVC_SESSION) terminal.warn('AUTHSVC_SESSION takes precedence over the saved session');
}

async function print(
  { terminal, server, client }: CommandSetup,
  session: NewSession,
  expiresAt: string | null,
): Promise<void> {
  const { email, token } = session;
  terminal.printJson({ email, server, storage: 'none', expires_at: expiresAt, session: token });
  terminal.printLines(token);
  const what = 'The session token';
  await terminal.flush({ what }).catch(async ({ cause }: CliError) => {
    // Do not leave a session open whose token is lost.
    const hasEnded = await client.logOut(session).then(
      () => true,
      () => false,
    );
    const why = hasEnded ? 'The session has been ended.' : 'The session could not be ended, and stays open.';
    throw lostOutput(cause as Error, { what, why });
  });
  terminal.succeed(
    describe(server, email, terminal.notePaint.bold),
    `Nothing is stored: put the line on standard output into AUTHSVC_SESSION; ${describeExpiryDate(expiresAt)}`,
  );
}

function describe(server: string, email: string, bold: (text: string) => string): string {
  return `Logged in to ${bold(new URL(server).host)} as ${bold(email)}`;
}
