import { ApiRefusal } from '@authsvc/client';
import { describeRefusal } from '../connection/service-errors.ts';
import type { Context } from '../context.ts';
import type { Terminal } from './terminal.ts';

const LONGEST = 256;

/**
 * Find out why a new password is too weak, by the rules that need no list, before it is typed
 * twice. The service decides.
 *
 * @param minLength code points.
 */
export function findWeakness(password: string, email: string, minLength: number): string | undefined {
  const normalized = password.normalize('NFC');
  const length = [...normalized].length;
  if (length < minLength) return `Too short: a password has at least ${minLength} characters`;
  if (length > LONGEST) return `Too long: a password has at most ${LONGEST} characters`;
  const folded = normalized.toLowerCase();
  const address = email.normalize('NFC').toLowerCase();
  if (folded === address || folded === address.slice(0, address.lastIndexOf('@'))) {
    return 'Too easy to guess: it is the email address, or the part before the @';
  }
  return undefined;
}

/** The service's setting if this environment has it, otherwise its default. */
export function readMinLength(env: Context['env']): number {
  const setting = env.AUTHSVC_PASSWORD_MIN_LENGTH ?? '';
  return /^\d{1,3}$/.test(setting) ? Number(setting) : 8;
}

interface PasswordDialogue<T> {
  readonly terminal: Terminal;
  readonly label: string;
  readonly email: string;
  readonly minLength: number;
  /** Whether it is to be typed twice. */
  readonly confirm: boolean;
  /** From standard input: submitted once, and nothing is asked. */
  readonly given?: string | undefined;
  readonly submit: (password: string) => Promise<T>;
}

/**
 * Submit the new password that was given, or ask for one until the service accepts it, keeping
 * every earlier answer.
 */
export async function submitNewPassword<T>(dialogue: PasswordDialogue<T>): Promise<T> {
  const { terminal, label, email, minLength, confirm, given, submit } = dialogue;
  if (given !== undefined) return submit(given);
  const problem = (what: string) => terminal.complain(what);
  for (;;) {
    const check = (answer: string) => findWeakness(answer, email, minLength);
    const password = await terminal.askSecret({ label, check });
    if (confirm) {
      const again = await terminal.askSecret({ label: `Confirm ${label.toLowerCase()}`, check: () => undefined });
      if (again !== password) {
        problem('The two passwords differ');
        continue;
      }
    }
    try {
      return await submit(password);
    } catch (error) {
      if (!(error instanceof ApiRefusal) || error.code !== 'password_rejected') throw error;
      problem(describeRefusal(error).message);
    }
  }
}
