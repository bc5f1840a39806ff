import { Command } from 'commander';
import type { Context } from '../context.ts';
import type { GlobalOptions } from '../global-options.ts';
import { formatHelp } from '../terminal/help-text.ts';

const help = formatHelp({
  examples: [
    ['authsvc serve', 'runs the service here until Ctrl-C'],
    ['AUTHSVC_LISTEN_PORT=4200 authsvc serve', 'on another port; every setting is an environment variable'],
  ],
});

/** `authsvc serve` */
export function createCommand(context: Context, endWith: (status: number) => void): Command {
  return new Command('serve')
    .description('Run the service in the foreground')
    .addHelpText('after', help)
    .action(async (_, command: Command) => {
      const renderLine = await findRenderer(context, command.optsWithGlobals<GlobalOptions>());
      const { runServe } = await import('@authsvc/server');
      endWith(await runServe(renderLine ? { renderLine } : {}));
    });
}

/** On a terminal the log is for people, as `authsvc daemon logs` shows it. */
async function findRenderer({ env, stderr }: Context, { json, color }: GlobalOptions) {
  if (stderr.isTTY !== true || json) return undefined;
  const { renderLogLine } = await import('../daemon/render-log-line.ts');
  const { loadPaint } = await import('../terminal/paint.ts');
  const paint = await loadPaint({ isTTY: true, env, color: color !== false });
  return (line: string) => renderLogLine(line, paint);
}
