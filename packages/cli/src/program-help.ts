import { commands } from './command-list.ts';
import { globalOptions, HELP_COMMAND, HELP_OPTION, VERSION_OPTION } from './global-options.ts';
import { fill, formatHelp } from './terminal/help-text.ts';

const rest = `${formatHelp({
  examples: [
    ['authsvc', 'what is running, who is logged in, what to do next'],
    ['authsvc daemon start', 'runs the service in the background'],
    ['authsvc register', 'creates an account'],
    ['authsvc login', 'logs in to it'],
    ['authsvc help reset', 'the page of one command'],
  ],
  json: [
    '{"daemon":{"running":true,"url":"http://127.0.0.1:4100"},"account":{"email":"ada@example.com","server":"http://127.0.0.1:4100","storage":"keychain","expires_at":"2026-12-22T16:40:00Z"}}',
    'for authsvc by itself; account is null when you are not logged in',
    '{"error":{"code":"not_logged_in","message":"You are not logged in"}}',
    'for every command that ends with an error',
  ],
})}

Exit statuses:
  0  done                            5  refused, such as a taken email
  1  unexpected                      6  try again later
  2  usage, or a missing answer      7  keychain unavailable or locked
  3  daemon unreachable            130  Ctrl-C
  4  not logged in, or wrong password or code`;

/** The help of the program itself, without commander, which takes long to load. */
export function formatProgramHelp(width: number): string {
  const options = [VERSION_OPTION, ...globalOptions, HELP_OPTION];
  const summaries = [...commands.map(({ name, summary }) => [name, summary] as const), HELP_COMMAND];
  const column = Math.max(...[...options, ...summaries].map(([term]) => term.length));
  const list = (rows: readonly (readonly [term: string, text: string])[]) =>
    rows.flatMap(([term, text]) =>
      fill(text.split(' '), `  ${term.padEnd(column)}  `, ' '.repeat(column + 4), ' ', width),
    );
  return [
    'Usage: authsvc [command] [options]',
    '',
    'Email and password accounts for your own applications',
    '',
    'Options:',
    ...list(options),
    '',
    'Commands:',
    ...list(summaries),
    rest,
    '',
  ].join('\n');
}
