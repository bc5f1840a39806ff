import type { ClientRequest, IncomingMessage, RequestOptions } from 'node:http';
import { type HttpLimits, type HttpReply, type HttpRequest, LONGEST_BODY } from '../call.ts';
import { UnreachableError, unreachable } from '../errors.ts';

export const DEFAULT_LIMITS: HttpLimits = { connectMs: 5000, totalMs: 30_000 };

/**
 * Sends one request over a connection of its own and reads the whole response, whatever its status.
 * A redirect is a response like any other.
 *
 * @throws {@link UnreachableError}
 */
export async function exchange(request: HttpRequest, limits: HttpLimits = DEFAULT_LIMITS): Promise<HttpReply> {
  const { request: open } = request.url.protocol === 'https:' ? await import('node:https') : await import('node:http');
  return new Promise((resolve, reject) => {
    const { method, body } = request;
    const length = body && { 'content-length': Buffer.byteLength(body) };
    const options: RequestOptions = { method, headers: { ...request.headers, ...length }, agent: false };
    const outgoing = open(request.url, options, (incoming) => {
      readBody(incoming).then(
        (text) => finish(() => resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, body: text })),
        fail,
      );
    });
    const { totalMs, connectMs = totalMs } = limits;
    const connecting = setTimeout(() => outgoing.destroy(new Error('no connection in time')), connectMs);
    const waiting = setTimeout(() => outgoing.destroy(new Error('no answer in time')), totalMs);
    onConnected(outgoing, request.url, () => clearTimeout(connecting));

    function finish(settle: () => void): void {
      clearTimeout(connecting);
      clearTimeout(waiting);
      outgoing.destroy();
      settle();
    }
    function fail(error: unknown): void {
      finish(() => reject(new UnreachableError(reasonOf(error), { url: request.url, cause: error })));
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

const reasons: Readonly<Record<string, string>> = {
  ECONNREFUSED: unreachable.refused,
  ECONNRESET: unreachable.closed,
  ENOTFOUND: 'no such host',
  EAI_AGAIN: 'the name cannot be looked up',
  EHOSTUNREACH: 'no route to the host',
  ENETUNREACH: 'no route to the network',
  EPROTO: unreachable.noTls,
  ERR_SSL_WRONG_VERSION_NUMBER: unreachable.noTls,
  ERR_SSL_PACKET_LENGTH_TOO_LONG: unreachable.noTls,
};

function reasonOf(error: unknown): string {
  // Both addresses of a name refused: the first says why.
  const first = error instanceof AggregateError ? error.errors[0] : error;
  if (!(first instanceof Error)) return String(first);
  const code = 'code' in first ? String(first.code) : '';
  if (code.startsWith('HPE_')) return unreachable.noHttp;
  return reasons[code] ?? first.message;
}
