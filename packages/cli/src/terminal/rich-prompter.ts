import { Readable } from 'node:stream';
import { input, password } from '@inquirer/prompts';
import type { Keyboard } from './keyboard.ts';
import type { Paint } from './paint.ts';
import { interrupted, type Prompter } from './prompter.ts';
import type { OutputStream } from './streams.ts';

/** Prompts with colours and line editing. */
export function createRichPrompter(keyboard: Keyboard, stderr: OutputStream, paint: Paint): Prompter {
  const theme = {
    prefix: { idle: paint.blue('?'), done: paint.blue('?') },
    style: { error: (text: string) => `${paint.red('✗')} ${text}`, message: (text: string) => `${text}:` },
  };

  /** @param prompt receives a function that asks for another line after it refused one. */
  async function ask(
    prompt: (context: Parameters<typeof input>[1], refuse: () => void) => Promise<string>,
  ): Promise<string> {
    const ending = new AbortController();
    // Each question has its own line editor, which would swallow everything typed ahead: give it
    // one line at a time.
    const keys = new Readable({ read: () => undefined });
    const refuse = () => {
      keyboard.discard();
      // Only once it listens again.
      setImmediate(() => reading.next());
    };
    const answer = prompt({ input: keys, output: stderr, signal: ending.signal }, refuse);
    const reading = keyboard.read({ onKeys: (text) => keys.push(text), onEnd: () => ending.abort() });
    try {
      return await answer;
    } catch (error) {
      if (error instanceof Error && /^(Exit|Abort)PromptError$/.test(error.name)) throw interrupted(error);
      throw error;
    } finally {
      reading.stop();
    }
  }

  return {
    askText({ label, fallback, check }) {
      const config = { message: label, theme, ...(fallback !== undefined && { default: fallback }) };
      return ask(async (context, refuse) => {
        const validate = (answer: string) => {
          const problem = check(answer.trim());
          if (problem !== undefined) refuse();
          return problem ?? true;
        };
        return (await input({ ...config, validate }, context)).trim();
      });
    },
    async askSecret({ label, check }) {
      for (;;) {
        const answer = await ask((context) =>
          password({ message: label, mask: '*', toggleMask: false, theme }, context),
        );
        const problem = check(answer);
        if (problem === undefined) return answer;
        keyboard.discard();
        // The prompt's own validation would leave the refused characters in the line, where they
        // cannot be seen.
        stderr.write(`${paint.red('✗')} ${problem}\n`);
      }
    },
  };
}
