import type { Context } from '../context.ts';
import { CliError, type LostOutput, lostOutput, type NextStep } from '../errors.ts';
import { exitStatus } from '../exit-status.ts';
import type { GlobalOptions } from '../global-options.ts';
import { type Keyboard, openKeyboard } from './keyboard.ts';
import { loadPaint, type Paint } from './paint.ts';
import { interrupted, type Prompter } from './prompter.ts';
import { outputFailure, settleOutput } from './streams.ts';

/** What a command says and asks: data on standard output, all else on standard error, and with `--json` nothing on standard output but one value. */
export interface Terminal extends Prompter {
  readonly isJson: boolean;
  /** Whether a person is there to be asked. */
  readonly canAsk: boolean;
  /** Colours for standard output. */
  readonly paint: Paint;
  /** Colours for standard error. */
  readonly notePaint: Paint;
  /** Lines of data for a person; silent with `--json`. */
  printLines(...lines: readonly string[]): void;
  /** The one value of `--json`; silent without it. */
  printJson(value: unknown): void;
  /** `✓` and what was done, with what follows from it beneath; silent with `--json`. */
  succeed(what: string, ...details: readonly string[]): void;
  /** `!` and what the person should know, also with `--json`. */
  warn(what: string): void;
  /**
   * How far a long command is, on one line of a terminal that the next call writes over; an empty
   * text clears it. Silent with `--json`.
   */
  showProgress(text: string): void;
  /** `✗` and what is wrong with an answer that will be asked for again. */
  complain(what: string): void;
  /**
   * Waits until all results are out of our hands.
   *
   * @throws {@link CliError} `output_lost`, also where the reader has gone.
   */
  flush(lost?: LostOutput): Promise<void>;
  fail(error: CliError): void;
  /** Only with `--debug`. */
  debug(line: string): void;
  /** A command to run next, in its colour. */
  describeNext(next: NextStep): string;
  /** Takes the keyboard for the questions to come, before anything else takes time. */
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
      // What cannot be written to standard output is not said there.
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

  /** One a question will do: what was typed ahead waits in the keyboard. */
  async function openPrompter(): Promise<Prompter> {
    const keyboard = terminal.holdKeyboard();
    if (notePaint.enabled) {
      return (await import('./rich-prompter.ts')).createRichPrompter(keyboard, stderr, notePaint);
    }
    return (await import('./plain-prompter.ts')).createPlainPrompter(keyboard, stderr);
  }
}

/** One for all the questions of a command line. */
const keyboards = new WeakMap<Context, Keyboard>();

/** Gives the keyboard back, if a command has asked anything. */
export function releaseKeyboard(context: Context): void {
  keyboards.get(context)?.close();
  keyboards.delete(context);
}

/**
 * Ends a command that would have to ask and cannot; takes the keyboard where it can.
 *
 * @param answers each option with whether it was given.
 * @throws {@link CliError} `input_required`, for the first one missing.
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
    what: `${missing[0]} is required when nobody can be asked`,
  });
}

/** What moves the cursor, colours the screen, ends a line, or turns the text beside it around. */
const UNPRINTABLE = /[\p{Cc}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/gu;

const OWN_OR_UNPRINTABLE = new RegExp(`(\u001b\\[[\\d;]*m|[\\n\\t])|${UNPRINTABLE.source}`, 'gu');

/** What came from elsewhere may hold escape sequences; nothing that moves the cursor or colours the screen is let through. */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, ' ');
}

/** JSON of one line that does nothing to a terminal, and says the same to a program. */
export function toJson(value: unknown): string {
  return escapeJson(JSON.stringify(value));
}

/** Escapes in JSON what JSON itself allows, and a terminal obeys. */
export function escapeJson(json: string): string {
  return json.replace(UNPRINTABLE, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** A line of ours, whose colours are let through, and nothing else that a terminal obeys. */
function withoutControls(line: string): string {
  return line.replace(OWN_OR_UNPRINTABLE, (_found, own?: string) => own ?? ' ');
}

function isAutomated({ CI }: Context['env']): boolean {
  return CI !== undefined && CI !== '' && CI !== 'false' && CI !== '0';
}
