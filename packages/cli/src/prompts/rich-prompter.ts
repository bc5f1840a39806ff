import { input, password } from '@inquirer/prompts';
import type { InputStream, OutputStream } from '../context.ts';
import type { Paint } from '../paint.ts';
import { interrupted, type Prompter } from './prompter.ts';

/** Prompts with colours and line editing. */
export function createRichPrompter(stdin: InputStream, stderr: OutputStream, paint: Paint): Prompter {
  const theme = {
    prefix: { idle: paint.blue('?'), done: paint.blue('?') },
    style: { error: (text: string) => `${paint.red('✗')} ${text}`, message: (text: string) => `${text}:` },
  };

  async function ask(prompt: (context: PromptContext) => Promise<string>): Promise<string> {
    const ending = new AbortController();
    // Ctrl-D closes the line editor and settles no prompt: with the keychain's helper alive, the process would stay for ever.
    const onKey = (_text: unknown, key: { ctrl?: boolean; name?: string } | undefined) => {
      if (key?.ctrl && key.name === 'd') ending.abort();
    };
    const onEnd = () => ending.abort();
    stdin.on('keypress', onKey).on('end', onEnd);
    try {
      return await prompt({ input: stdin, output: stderr, signal: ending.signal });
    } catch (error) {
      if (error instanceof Error && /^(Exit|Abort)PromptError$/.test(error.name)) throw interrupted(error);
      throw error;
    } finally {
      stdin.off('keypress', onKey).off('end', onEnd);
    }
  }

  return {
    askText({ label, fallback, check }) {
      const validate = (answer: string) => check(answer.trim()) ?? true;
      const config = { message: label, theme, validate, ...(fallback !== undefined && { default: fallback }) };
      return ask(async (context) => (await input(config, context)).trim());
    },
    async askSecret({ label, check }) {
      for (;;) {
        const answer = await ask((context) =>
          password({ message: label, mask: '*', toggleMask: false, theme }, context),
        );
        const problem = check(answer);
        if (problem === undefined) return answer;
        // The prompt's own validation would leave the refused characters in the line, where nobody can see what to mend.
        stderr.write(`${paint.red('✗')} ${problem}\n`);
      }
    },
  };
}

interface PromptContext {
  readonly input: NodeJS.ReadableStream;
  readonly output: NodeJS.WritableStream;
  readonly signal: AbortSignal;
}
