import type { Context } from '../context.ts';
import { CliError, type LostOutput, lostOutput, type NextStep } from '../errors.ts';
import { exitStatus } from '../exit-status.ts';
import type { GlobalOptions } from '../global-options.ts';
import { type Keyboard, openKeyboard } from './keyboard.ts';
import { loadPaint, type Paint } from './paint.ts';
import { interrupted, type Prompter } from './prompter.ts';
import { outputFailure, settleOutput } from './streams.ts';

/**
 * A command's output and prompts: data on standard output, the rest on standard error; with
 * `--json` standard output is one value.
 */
export interface Terminal extends Prompter {
  readonly isJson: boolean;
  /** Whether prompts are possible. */
  readonly canAsk: boolean;
  /** Colours for standard output. */
  readonly paint: Paint;
  /** Colours for standard error. */
  readonly notePaint: Paint;
  /** Lines of data; silent with `--json`. */
  printLines(...lines: readonly string[]): void;
  /** The one value of `--json`; silent without it. */
  printJson(value: unknown): void;
  /** `✓` and what was done, with details beneath; silent with `--json`. */
  succeed(what: string, ...details: readonly string[]): void;
  /** Lines that belong to a prompt, also with `--json`. */
  show(...lines: readonly string[]): void;
  /** `!` and a warning, also with `--json`. */
  warn(what: string): void;
  /**
   * Progress on one line of a terminal, which the next call overwrites; an empty text clears it.
   * Silent with `--json`.
   */
  showProgress(text: string): void;
  /** `✗` and what is wrong with an answer, before asking again. */
  complain(what: string): void;
  /**
   * Wait until all results are written.
   *
   * @throws {@link CliError} `output_lost`, also when the reader has gone.
   */
  flush(lost?: LostOutput): Promise<void>;
  fail(error: CliError): void;
  /** Only with `--debug`. */
  debug(line: string): void;
  /** The next step, its command in colour. */
  describeNext(next: NextStep): string;
  /** Read the keyboard from now on, so that no input typed ahead of a question is echoed. */
  holdKeyboard(): Keyboard;
}

const PROGRESS_WIDTH = 40;

export async function createTerminal(context: Context, options: GlobalOptions): Promise<Terminal> {
  const { env, stdout, stderr } = context;
  const isJson = options.json === true;
  const color = options.color !== false;
  const paint = await loadPaint({ isTTY: stdout.isTTY === true && !isJson, env, color });
  const notePaint = await loadPaint({ isTTY: stderr.isTTY === true, env, color });
  const note = (line: string) => stderr.write(`${withoutControls(line)}\n`);
  const describeNext = ({ say, command }: NextStep) => (command ? `${say}: ${notePaint.cyan(command)}` : say);

  const terminal: Terminal = {
    isJson,
    get canAsk() {
      return stderr.isTTY === true && options.input !== false && !isAutomated(env) && context.stdin.isTTY === true;
    },
    paint,
    notePaint,
    describeNext,
    printLines(...lines) {
      if (!isJson) stdout.write(lines.map((line) => `${withoutControls(line)}\n`).join(''));
    },
    printJson(value) {
      if (isJson) stdout.write(`${toJson(value)}\n`);
    },
    succeed(what, ...details) {
      if (isJson) return;
      note(`${notePaint.green('✓')} ${what}`);
      for (const detail of details) note(`  ${detail}`);
    },
    show(...lines) {
      for (const line of lines) note(line);
    },
    warn(what) {
      note(`${notePaint.yellow('!')} ${what}`);
    },
    showProgress(text) {
      if (isJson || stderr.isTTY !== true) return;
      stderr.write(`\r${text.padEnd(PROGRESS_WIDTH)}${text === '' ? '\r' : ''}`);
    },
    complain(what) {
      note(`${notePaint.red('✗')} ${printable(what)}`);
    },
    async flush(lost) {
      await settleOutput(stdout);
      const failure = outputFailure(stdout);
      if (failure) throw lostOutput(failure, lost);
    },
    fail({ code, message, why, next }) {
      // Report lost output on standard error.
      if (isJson && code !== 'output_lost') {
        const sentence = printable(why === undefined ? message : `${message}. ${why}`);
        stdout.write(`${toJson({ error: { code, message: sentence } })}\n`);
        return;
      }
      note(`${notePaint.red('✗')} ${printable(message)}`);
      if (why !== undefined) note(`  ${printable(why)}`);
      if (next !== undefined) note(`  ${describeNext(next)}`);
    },
    debug(line) {
      if (options.debug === true) note(notePaint.dim(`debug: ${printable(line)}`));
    },
    holdKeyboard() {
      const keyboard =
        keyboards.get(context) ??
        openKeyboard(context.stdin, () => {
          terminal.fail(interrupted());
          context.interrupt();
        });
      keyboards.set(context, keyboard);
      return keyboard;
    },
    askText: async (question) => await (await openPrompter()).askText(question),
    askSecret: async (question) => await (await openPrompter()).askSecret(question),
  };
  return terminal;

  /** A new one for each question: input typed ahead waits in the keyboard. */
  async function openPrompter(): Promise<Prompter> {
    const keyboard = terminal.holdKeyboard();
    if (notePaint.enabled) {
      return (await import('./rich-prompter.ts')).createRichPrompter(keyboard, stderr, notePaint);
    }
    return (await import('./plain-prompter.ts')).createPlainPrompter(keyboard, stderr);
  }
}

/** One for all the questions of a command. */
const keyboards = new WeakMap<Context, Keyboard>();

/** Release the keyboard, if a command took it. */
export function releaseKeyboard(context: Context): void {
  keyboards.get(context)?.close();
  keyboards.delete(context);
}

/**
 * Take the keyboard if an answer is missing and prompts are possible.
 *
 * @param answers each option, and whether it was given.
 * @throws {@link CliError} `input_required`: one is missing, and prompts are not possible.
 */
export function requireAnswers(
  terminal: Terminal,
  answers: readonly (readonly [option: string, given: boolean])[],
): void {
  const missing = answers.find(([, given]) => !given);
  if (!missing) return;
  if (terminal.canAsk) {
    terminal.holdKeyboard();
    return;
  }
  throw new CliError({
    status: exitStatus.usage,
    code: 'input_required',
    what: `${missing[0]} is required when not running interactively`,
  });
}

/** Characters that move the cursor, set colours, end a line, or change the text direction. */
const UNPRINTABLE = /[\p{Cc}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/gu;

const OWN_OR_UNPRINTABLE = new RegExp(`(\u001b\\[[\\d;]*m|[\\n\\t])|${UNPRINTABLE.source}`, 'gu');

/** Replace control characters in untrusted text, which may hold escape sequences. */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, ' ');
}

/** JSON on one line, harmless to a terminal and the same to a program. */
export function toJson(value: unknown): string {
  return escapeJson(JSON.stringify(value));
}

/** Escape control characters that JSON allows and a terminal would obey. */
export function escapeJson(json: string): string {
  return json.replace(UNPRINTABLE, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** Keep the colours of our own lines, and no other control character. */
function withoutControls(line: string): string {
  return line.replace(OWN_OR_UNPRINTABLE, (_found, own?: string) => own ?? ' ');
}

function isAutomated({ CI }: Context['env']): boolean {
  return CI !== undefined && CI !== '' && CI !== 'false' && CI !== '0';
}
