import { shell } from '@authsvc/client/shell-command';
import { Command, InvalidArgumentError } from 'commander';
import type { Context } from '../context.ts';
import { findLocalDaemon, type LocalDaemonPlace, locateDaemon } from '../daemon/local-daemon.ts';
import { isSystemService, startCommand } from '../daemon/system-service.ts';
import { CliError } from '../errors.ts';
import { exitStatus } from '../exit-status.ts';
import type { GlobalOptions } from '../global-options.ts';
import { formatHelp } from '../terminal/help-text.ts';
import { createTerminal, escapeJson } from '../terminal/terminal.ts';

interface LogsOptions extends GlobalOptions {
  readonly follow?: boolean;
  readonly lines: number;
}

const help = formatHelp({
  examples: [
    ['authsvc daemon logs', 'the last 100 lines'],
    ['authsvc daemon logs -n 0 --follow', 'what happens from now on, until Ctrl-C'],
    ['authsvc daemon logs --json | jq \'select(.level == "error")\'', 'the lines as they are in the file'],
  ],
  json: [
    '{"level":"info","time":"2026-11-22T16:40:00.000Z","event":"login_succeeded","user_id":"0b1f6c1e-…","email_digest":"q2hvZ…","session_id":"3f2a9c1b-…","address":"127.0.0.1","user_agent":"authsvc"}',
    'one JSON object a line; level, time, and event or message are always there, the rest depends on what happened',
  ],
});

/** `authsvc daemon logs` */
export function createLogsCommand(context: Context): Command {
  return new Command('logs')
    .description('Show what it has logged')
    .option('-f, --follow', 'go on with what it logs from now on')
    .option('-n, --lines <count>', 'how many lines to begin with', readCount, 100)
    .addHelpText('after', help)
    .action(async (_, command: Command) => {
      await showLogs(context, command.optsWithGlobals<LogsOptions>());
    });
}

async function showLogs(context: Context, options: LogsOptions): Promise<void> {
  const terminal = await createTerminal(context, options);
  const { followLog, readLastLines } = await import('../daemon/log-reader.ts');
  const { renderLogLine } = await import('../daemon/render-log-line.ts');
  const place = locateDaemon(context);
  const last = readLastLines(place.log, options.lines);
  if (!last) throw await noLog(context, place);

  const show = (line: string) =>
    context.stdout.write(`${terminal.isJson ? escapeJson(line) : renderLogLine(line, terminal.paint)}\n`);
  for (const line of last.lines) show(line);
  await terminal.flush();
  if (!options.follow) return;
  for await (const line of followLog(place.log, last.position)) {
    show(line);
    await terminal.flush();
  }
}

async function noLog(context: Context, place: LocalDaemonPlace): Promise<CliError> {
  const daemon = await findLocalDaemon(place);
  return new CliError({
    status: exitStatus.unexpected,
    code: 'no_log',
    what: `There is no log at ${place.log}`,
    ...(daemon
      ? {
          why: `The daemon (pid ${daemon.pid}) runs in the foreground, and logs to its standard error.`,
          next: {
            say: 'Where systemd runs it',
            command: isSystemService(context, place.dataFolder)
              ? shell`journalctl -u authsvc`
              : shell`journalctl --user -u authsvc`,
          },
        }
      : { next: { say: 'Start the daemon', command: startCommand(context, place.dataFolder) } }),
  });
}

function readCount(text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It is a whole number.');
}
