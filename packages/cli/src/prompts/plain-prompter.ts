import type { InputStream, OutputStream } from '../context.ts';
import { interrupted, type Prompter, type Question } from './prompter.ts';

const CTRL_C = '\u0003';
const CTRL_D = '\u0004';
const CTRL_U = '\u0015';
const ESCAPE = '\u001b';
const BACKSPACES: readonly string[] = ['\u007f', '\b'];

/**
 * Prompts that never send an escape sequence, for NO_COLOR and for terminals that know none (`TERM=dumb`): the line is edited with Backspace and
 * Ctrl-U alone.
 */
export function createPlainPrompter(stdin: InputStream, stderr: OutputStream): Prompter {
  /** What was typed ahead of its question. */
  let ahead = '';

  function readLine(question: string, echo: (character: string) => string): Promise<string> {
    return new Promise((resolve, reject) => {
      const line: string[] = [];
      let inEscape = false;
      const erase = (count: number) => {
        for (const character of line.splice(line.length - count)) stderr.write('\b \b'.repeat(echo(character).length));
      };
      const stop = () => {
        stdin.off('data', onData).off('end', onEnd);
        stdin.setRawMode?.(false);
        stdin.pause();
        stderr.write('\n');
      };
      const onEnd = () => {
        stop();
        reject(interrupted());
      };
      /** @returns whether the line is finished. */
      const takeKey = (key: string): boolean => {
        if (inEscape) inEscape = !/[A-Za-z~]/.test(key);
        else if (key === ESCAPE) inEscape = true;
        else if (BACKSPACES.includes(key)) erase(Math.min(1, line.length));
        else if (key === CTRL_U) erase(line.length);
        else if (key >= ' ') {
          line.push(key);
          stderr.write(echo(key));
        }
        return key === '\r' || key === '\n';
      };
      const onData = (data: Buffer | string) => {
        const keys = [...ahead, ...data.toString()];
        ahead = '';
        for (const [position, key] of keys.entries()) {
          if (key === CTRL_C || key === CTRL_D) return onEnd();
          if (!takeKey(key)) continue;
          ahead = keys.slice(position + 1).join('');
          stop();
          return resolve(line.join(''));
        }
      };
      // Before the question is shown: from then on Ctrl-C and Ctrl-D are keys of ours, and not the terminal's.
      stdin.setRawMode?.(true);
      stdin.setEncoding('utf8');
      stderr.write(question);
      stdin.on('data', onData).on('end', onEnd).resume();
      if (ahead !== '') onData('');
    });
  }

  async function ask({ label, fallback, check }: Question, echo: (character: string) => string): Promise<string> {
    for (;;) {
      const question = `? ${label}: ${fallback === undefined ? '' : `(${fallback}) `}`;
      const answer = (await readLine(question, echo)) || (fallback ?? '');
      const problem = check(answer);
      if (problem === undefined) return answer;
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
