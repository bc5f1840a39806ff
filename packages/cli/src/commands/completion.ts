import { Argument, Command } from 'commander';
import type { Context } from '../context.ts';
import type { GlobalOptions } from '../global-options.ts';
import { formatHelp } from '../terminal/help-text.ts';
import { createTerminal } from '../terminal/terminal.ts';

const SHELLS = ['bash', 'zsh', 'fish'] as const;
type Shell = (typeof SHELLS)[number];

const help = formatHelp({
  examples: [
    ['source <(authsvc completion bash)', 'for this shell; put it into ~/.bashrc for every new one'],
    ['source <(authsvc completion zsh)', 'the same, in ~/.zshrc after compinit'],
    ['authsvc completion fish > ~/.config/fish/completions/authsvc.fish', 'for every new fish shell'],
  ],
  json: ['{"shell":"bash","script":"…"}'],
});

/** `authsvc completion`: completes the commands of its parent. */
export function createCommand(context: Context): Command {
  return new Command('completion')
    .description('Print a script that completes commands and options in a shell')
    .addArgument(new Argument('<shell>', 'bash, zsh or fish').choices(SHELLS))
    .addHelpText('after', help)
    .action(async (shell: Shell, _, command: Command) => {
      const terminal = await createTerminal(context, command.optsWithGlobals<GlobalOptions>());
      const script = await writeCompletion(shell, command.parent ?? command);
      terminal.printJson({ shell, script });
      terminal.printLines(script.trimEnd());
    });
}

async function writeCompletion(shell: Shell, program: Command): Promise<string> {
  const { readCommandTree } = await import('../completion/command-tree.ts');
  const { bashCompletion, fishCompletion, zshCompletion } = await import('../completion/shells.ts');
  const write = { bash: bashCompletion, zsh: zshCompletion, fish: fishCompletion }[shell];
  return write(program.name(), readCommandTree(program));
}
