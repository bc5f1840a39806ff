import { shell } from '@authsvc/client/shell-command';
import { CliError, usageError } from '../errors.ts';
import { exitStatus } from '../exit-status.ts';

export const DEFAULT_SERVER = 'http://127.0.0.1:4100';

/**
 * Parse the server's address: its origin and, if it is mounted below one, its path without a
 * trailing slash, such as `http://127.0.0.1:4100` or `https://app.example.com/auth`.
 *
 * @param source the option or variable it came from, for the error.
 * @throws {@link CliError} `usage`: not an http or https address, or one with a user or a query.
 */
export function parseServerUrl(text: string, source: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isServer =
    url !== undefined &&
    /^https?:$/.test(url.protocol) &&
    `${url.search}${url.hash}${url.username}${url.password}` === '';
  if (isServer) return url.origin + url.pathname.replace(/\/$/, '');
  throw usageError(`${source} is not the address of a server`, {
    why: `It is a scheme, a host, perhaps a port and a path, and nothing else, as in ${DEFAULT_SERVER}.`,
  });
}

/** Whether the address is this machine's own, so that nothing sent there crosses a network. */
export function isLoopback(server: string): boolean {
  const { hostname } = new URL(server);
  return /^localhost\.?$/.test(hostname) || hostname === '[::1]' || /^127(\.\d{1,3}){3}$/.test(hostname);
}

/**
 * Refuse to send a password or a token over plain http to another machine.
 *
 * @throws {@link CliError} `insecure_url`.
 */
export function assertSafeForSecrets(server: string, insecureHttp: boolean): void {
  if (insecureHttp || server.startsWith('https:') || isLoopback(server)) return;
  throw new CliError({
    status: exitStatus.usage,
    code: 'insecure_url',
    what: `${server} would carry your password over the network unencrypted`,
    why: 'Plain http is for this machine alone; nothing was sent.',
    next: { say: `Use https, as in --url ${server.replace('http:', 'https:')}, or insist with --insecure-http` },
  });
}

/** The command that runs the service on this machine. */
export const START_COMMAND = shell`authsvc daemon start`;
