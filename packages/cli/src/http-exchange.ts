import type { ClientRequest, IncomingMessage, RequestOptions } from 'node:http';
import { shell } from '@authsvc/core/shell-command';
import { CliError, type NextStep } from './cli-error.ts';
import { exitStatus } from './exit-status.ts';
import { isLoopback } from './server-url.ts';
import { START_COMMAND } from './start-command.ts';

export interface HttpRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | undefined;
}

export interface HttpReply {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

export interface HttpLimits {
  /** Until the connection stands, milliseconds. */
  readonly connectMs: number;
  /** Until the whole answer is there, milliseconds. */
  readonly totalMs: number;
}

export const DEFAULT_LIMITS: HttpLimits = { connectMs: 5000, totalMs: 30_000 };
const LONGEST_BODY = 1024 * 1024;

/**
 * Sends one request over a connection of its own and reads the whole answer, whatever its status. A redirect is an answer like any other.
 *
 * @throws {@link CliError} `daemon_unreachable`, with the reason.
 */
export async function exchange(request: HttpRequest, limits: HttpLimits = DEFAULT_LIMITS): Promise<HttpReply> {
  const { request: open } = request.url.protocol === 'https:' ? await import('node:https') : await import('node:http');
  return new Promise((resolve, reject) => {
    const { method, headers, body } = request;
    const options: RequestOptions = { method, headers, agent: false };
    const outgoing = open(request.url, options, (incoming) => {
      readBody(incoming).then(
        (text) => finish(() => resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, body: text })),
        fail,
      );
    });
    const connecting = setTimeout(() => outgoing.destroy(new Error('no connection in time')), limits.connectMs);
    const waiting = setTimeout(() => outgoing.destroy(new Error('no answer in time')), limits.totalMs);
    onConnected(outgoing, request.url, () => clearTimeout(connecting));

    function finish(settle: () => void): void {
      clearTimeout(connecting);
      clearTimeout(waiting);
      outgoing.destroy();
      settle();
    }
    function fail(error: unknown): void {
      finish(() => explainFailure(request.url, error).then(reject, reject));
    }

    outgoing.on('error', fail);
    outgoing.end(body);
  });
}

function onConnected(outgoing: ClientRequest, url: URL, listener: () => void): void {
  outgoing.once('socket', (socket) => socket.once(url.protocol === 'https:' ? 'secureConnect' : 'connect', listener));
}

async function readBody(incoming: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > LONGEST_BODY) throw new Error('the answer is too long');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** Why there was no answer, and what to do: start the daemon only where nothing listens at all. */
async function explainFailure(url: URL, error: unknown): Promise<CliError> {
  const { origin, protocol, host } = url;
  const reason = reasonOf(error);
  const unreachable = (why: string, next: NextStep) =>
    new CliError({
      status: exitStatus.unreachable,
      code: 'daemon_unreachable',
      what: `Can't reach authsvc at ${origin} (${why})`,
      next,
      cause: error,
    });
  const check = { say: 'Check the address: --url, or AUTHSVC_URL' };
  if (reason === NO_TLS) return unreachable(reason, isLoopback(origin) ? { say: `Use http://${host}` } : check);
  const mayBeTls = protocol === 'http:' && (reason === HUNG_UP || reason === NO_HTTP);
  if (mayBeTls && (await (await import('./speaks-tls.ts')).speaksTls(url))) {
    return unreachable('it speaks TLS there', { say: `Use https://${host}` });
  }
  if (!isLoopback(origin) || reason === NO_HTTP) return unreachable(reason, check);
  if (reason === REFUSED) return unreachable(reason, { say: 'Start it', command: START_COMMAND });
  return unreachable(reason, { say: 'See what is wrong', command: shell`authsvc doctor` });
}

const REFUSED = 'connection refused';
const HUNG_UP = 'connection closed';
const NO_TLS = 'no TLS there';
const NO_HTTP = 'no HTTP there';

const reasons: Readonly<Record<string, string>> = {
  ECONNREFUSED: REFUSED,
  ECONNRESET: HUNG_UP,
  ENOTFOUND: 'no such host',
  EAI_AGAIN: 'the name cannot be looked up',
  EHOSTUNREACH: 'no route to the host',
  ENETUNREACH: 'no route to the network',
  EPROTO: NO_TLS,
  ERR_SSL_WRONG_VERSION_NUMBER: NO_TLS,
  ERR_SSL_PACKET_LENGTH_TOO_LONG: NO_TLS,
};

function reasonOf(error: unknown): string {
  // Both addresses of a name refused: the first says why.
  const first = error instanceof AggregateError ? error.errors[0] : error;
  if (!(first instanceof Error)) return String(first);
  const code = 'code' in first ? String(first.code) : '';
  if (code.startsWith('HPE_')) return NO_HTTP;
  return reasons[code] ?? first.message;
}
