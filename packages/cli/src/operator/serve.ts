import { Command } from 'commander';
import type { Context } from '../context.ts';
import { formatHelp } from '../terminal/help-text.ts';

const help = formatHelp({
  examples: [
    ['authsvc serve', 'runs the service here until Ctrl-C'],
    ['AUTHSVC_LISTEN_PORT=4200 authsvc serve', 'on another port; every setting is an environment variable'],
  ],
});

/** `authsvc serve` */
export function createCommand(_context: Context, endWith: (status: number) => void): Command {
  return new Command('serve')
    .description('Run the service in the foreground')
    .addHelpText('after', help)
    .action(async () => {
      const { runServe } = await import('@authsvc/server');
      endWith(await runServe());
    });
}
