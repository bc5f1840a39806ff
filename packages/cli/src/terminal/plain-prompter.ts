import type { Keyboard, Reading } from './keyboard.ts';
import { interrupted, type Prompter, type Question } from './prompter.ts';
import type { OutputStream } from './streams.ts';

const CTRL_U = '\u0015';
const ESCAPE = '\u001b';
const BACKSPACES: readonly string[] = ['\u007f', '\b'];

/**
 * Prompts without escape sequences, for NO_COLOR and for `TERM=dumb`. The line is edited with
 * Backspace and Ctrl-U.
 */
export function createPlainPrompter(keyboard: Keyboard, stderr: OutputStream): Prompter {
  function readLine(question: string, echo: (character: string) => string): Promise<string> {
    let reading: Reading | undefined;
    return new Promise<string>((resolve, reject) => {
      const line: string[] = [];
      let inEscape = false;
      const erase = (count: number) => {
        for (const character of line.splice(line.length - count)) stderr.write('\b \b'.repeat(echo(character).length));
      };
      const takeKey = (key: string): void => {
        if (inEscape) inEscape = !/[A-Za-z~]/.test(key);
        else if (key === ESCAPE) inEscape = true;
        else if (BACKSPACES.includes(key)) erase(Math.min(1, line.length));
        else if (key === CTRL_U) erase(line.length);
        else if (key >= ' ') {
          line.push(key);
          stderr.write(echo(key));
        }
      };
      stderr.write(question);
      reading = keyboard.read({
        onKeys(keys) {
          for (const key of keys) takeKey(key);
          if (/[\r\n]$/.test(keys)) resolve(line.join(''));
        },
        onEnd: () => reject(interrupted()),
      });
    }).finally(() => {
      reading?.stop();
      stderr.write('\n');
    });
  }

  async function ask({ label, fallback, check }: Question, echo: (character: string) => string): Promise<string> {
    for (;;) {
      const question = `? ${label}: ${fallback === undefined ? '' : `(${fallback}) `}`;
      const answer = (await readLine(question, echo)) || (fallback ?? '');
      const problem = check(answer);
      if (problem === undefined) return answer;
      keyboard.discard();
      stderr.write(`✗ ${problem}\n`);
    }
  }

  return {
    askText: ({ check, ...question }) =>
      ask({ ...question, check: (answer) => check(answer.trim()) }, (character) => character).then((answer) =>
        answer.trim(),
      ),
    askSecret: (question) => ask(question, () => '*'),
  };
}
