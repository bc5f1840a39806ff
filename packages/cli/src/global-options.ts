import { DEFAULT_SERVER } from './connection/server-url.ts';

/** The options that every command takes, as commander reads them. */
export interface GlobalOptions {
  readonly url?: string;
  readonly json?: boolean;
  /** `false` after `--no-input`. */
  readonly input?: boolean;
  /** `false` after `--no-color`. */
  readonly color?: boolean;
  readonly debug?: boolean;
  readonly insecureHttp?: boolean;
}

type Described = readonly [flags: string, description: string];

/** For commander, and for the help of the program. */
export const globalOptions: readonly Described[] = [
  ['--url <url>', `the server (AUTHSVC_URL; otherwise the one used last, or ${DEFAULT_SERVER})`],
  ['--json', 'print JSON on standard output, and nothing else'],
  ['--no-input', 'ask nothing: fail when an answer is missing'],
  ['--no-color', 'no colours and no escape sequences (NO_COLOR)'],
  ['--debug', 'print what is done on standard error, without secrets'],
  ['--insecure-http', 'send passwords to another machine even over plain http'],
];

export const VERSION_OPTION: Described = ['-V, --version', 'show the version'];
export const HELP_OPTION: Described = ['-h, --help', 'show this help'];
export const HELP_COMMAND: Described = ['help [command]', 'Show the help of a command'];
