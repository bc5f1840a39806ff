import { setTimeout as wait } from 'node:timers/promises';
import type { EventBody, EventListBody } from '@authsvc/client/contract';
import { Command } from 'commander';
import type { Context } from '../context.ts';
import { askDaemon, withQuery } from '../daemon/ask-daemon.ts';
import type { GlobalOptions } from '../global-options.ts';
import { formatHelp } from '../terminal/help-text.ts';
import { formatTable } from '../terminal/table.ts';
import { createTerminal, type Terminal, toJson } from '../terminal/terminal.ts';
import { describeDate, readSince } from '../terminal/times.ts';

interface AuditOptions extends GlobalOptions {
  readonly user?: string;
  readonly since?: string;
  readonly follow?: boolean;
}

const PAGE = 1000;
const SHOWN_WITHOUT_SINCE = '50';
const FOLLOW_EVERY_MS = 1000;

const EVENT_JSON =
  '{"id":7,"at":"2026-11-22T16:40:00.000Z","type":"login_failed","user_id":null,"email":null,"session_id":null,"address":"127.0.0.1","user_agent":"authsvc","detail":null}';

const help = formatHelp({
  examples: [
    ['authsvc audit', 'the last 50 events'],
    ['authsvc audit --user ada@example.com --since 2d', 'the events of one account in the last two days'],
    ['authsvc audit --follow', 'prints new events as they happen, until Ctrl-C'],
  ],
  json: [`{"events":[${EVENT_JSON}]}`, 'with --follow: one such event per line, without the list around it'],
});

/** `authsvc audit` */
export function createCommand(context: Context): Command {
  return new Command('audit')
    .description('Show what happened to accounts and sessions')
    .option('--user <email>', 'only the events of this account')
    .option('--since <time>', 'only events since then: 30m, 12h or 2d ago, or a time in ISO 8601')
    .option('--follow', 'keep printing new events')
    .addHelpText('after', help)
    .action((_, command: Command) => audit(context, command.optsWithGlobals<AuditOptions>()));
}

async function audit(context: Context, options: AuditOptions): Promise<void> {
  const terminal = await createTerminal(context, options);
  const since = options.since === undefined ? undefined : readSince(options.since, context.now());
  const read = async (after: number | undefined) => {
    const newest = since === undefined && after === undefined;
    const query = {
      email: options.user,
      since,
      after: after?.toString(),
      newest: newest ? 'true' : undefined,
      limit: newest ? SHOWN_WITHOUT_SINCE : String(PAGE),
    };
    return (await askDaemon<EventListBody>(context, { method: 'GET', path: withQuery('/events', query) })).events;
  };

  const all: EventBody[] = [];
  let page = await read(undefined);
  let last = page.at(-1)?.id ?? 0;
  for (;;) {
    if (options.follow || !terminal.isJson) show(context, terminal, page);
    else all.push(...page);
    await terminal.flush();
    if (page.length < PAGE) {
      if (!options.follow) break;
      await wait(FOLLOW_EVERY_MS);
    }
    page = await read(last);
    last = page.at(-1)?.id ?? last;
  }
  if (!options.follow) terminal.printJson({ events: all });
}

function show(context: Context, terminal: Terminal, events: readonly EventBody[]): void {
  if (terminal.isJson) {
    for (const event of events) context.stdout.write(`${toJson(event)}\n`);
    return;
  }
  const { dim, bold, yellow } = terminal.paint;
  const isRefusal = /failed|throttled|refused|given_up/;
  terminal.printLines(
    ...formatTable(
      events.map(({ at, type, email, user_id, address, detail }) => [
        { text: describeDate(at), paint: dim },
        { text: type.replaceAll('_', ' '), paint: isRefusal.test(type) ? yellow : bold },
        email ?? user_id ?? '–',
        address ?? '',
        { text: detail ?? '', paint: dim },
      ]),
    ),
  );
}
