import type { Context } from '../context.ts';
import { CliError, usageError } from '../errors.ts';
import { exitStatus } from '../exit-status.ts';
import type { Check } from './prompter.ts';
import type { Terminal } from './terminal.ts';

/** A quick check; the service decides. */
export const checkEmail: Check = (email) => {
  if (email === '') return 'An email address is needed';
  return /^[^\s@]+@[^\s@]+$/.test(email) && email.length <= 254 ? undefined : `${email} is not an email address`;
};

export const checkPresent: Check = (answer) => (answer === '' ? 'An answer is needed' : undefined);

/**
 * Check the value of `--email`, or of an option like it, if it is set.
 *
 * @throws {@link CliError} `usage`.
 */
export function checkEmailOption(email: string | undefined, option = '--email'): void {
  if (email === undefined || checkEmail(email) === undefined) return;
  throw usageError(`${option} is an email address, as in ada@example.com, and not "${email}"`);
}

/** The option of every command that takes a code. */
export const CODE_STDIN = [
  '--code-stdin',
  'read the code of a second factor from standard input, as its last line',
] as const;

/** The secrets to read from standard input, one a line, in this order. */
interface StdinSecrets {
  readonly invitationStdin?: boolean | undefined;
  readonly tokenStdin?: boolean | undefined;
  readonly passwordStdin?: boolean | undefined;
  readonly newPasswordStdin?: boolean | undefined;
  readonly codeStdin?: boolean | undefined;
}

interface SecretsRead {
  readonly invitation?: string | undefined;
  readonly token?: string | undefined;
  readonly password?: string | undefined;
  readonly newPassword?: string | undefined;
  readonly code?: string | undefined;
}

/**
 * Read secrets from standard input. At a terminal nothing is read: a prompt asks for them, without
 * echo.
 *
 * @throws {@link CliError} `input_required`: a line is missing, or would be typed visibly.
 */
export async function readStdinSecrets(
  context: Context,
  terminal: Terminal,
  { invitationStdin, tokenStdin, passwordStdin, newPasswordStdin, codeStdin }: StdinSecrets,
): Promise<SecretsRead> {
  const options = [
    ...(invitationStdin ? ['--invitation-stdin'] : []),
    ...(tokenStdin ? ['--token-stdin'] : []),
    ...(passwordStdin ? ['--password-stdin'] : []),
    ...(newPasswordStdin ? ['--new-password-stdin'] : []),
    ...(codeStdin ? ['--code-stdin'] : []),
  ];
  if (options.length === 0 || terminal.canAsk) return {};
  if (context.stdin.isTTY === true) {
    throw new CliError({
      status: exitStatus.usage,
      code: 'input_required',
      what: `${options[0]} reads a pipe or a file, and standard input is a terminal`,
    });
  }
  const { readStdinLines } = await import('./stdin-lines.ts');
  const lines = await readStdinLines(context.stdin, options);
  const take = (wanted: boolean | undefined) => (wanted ? lines.shift() : undefined);
  return {
    invitation: take(invitationStdin),
    token: take(tokenStdin),
    password: take(passwordStdin),
    newPassword: take(newPasswordStdin),
    code: take(codeStdin),
  };
}

/** The password that was piped, or typed at a prompt. */
export async function askPassword(terminal: Terminal, { password }: SecretsRead): Promise<string> {
  return password ?? (await terminal.askSecret({ label: 'Password', check: checkPresent }));
}

const BLANKS_AROUND = /^[\s\p{Z}\p{Cc}\p{Cf}]+|[\s\p{Z}\p{Cc}\p{Cf}]+$/gu;

/**
 * Trim what mails and pastes add around a generated secret: blanks, line breaks and zero-width
 * characters.
 */
export function stripBlanks(secret: string): string {
  return secret.replace(BLANKS_AROUND, '');
}
