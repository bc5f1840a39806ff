import { type Agent, type IncomingHttpHeaders, type OutgoingHttpHeaders, request as requestByHttp } from 'node:http';
import { request as requestByHttps } from 'node:https';

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** The parsed JSON, or the text where it is not JSON. */
  readonly body: unknown;
  /** The session token of the `Set-Cookie` header; empty when the header clears it. */
  readonly session: string | undefined;
}

export interface SendOptions {
  readonly json?: unknown;
  readonly form?: Readonly<Record<string, string>>;
  /** A body that is sent as it stands; its Content-Type goes into `headers`. */
  readonly raw?: string | Buffer;
  readonly headers?: OutgoingHttpHeaders;
  /** A session token, sent as the cookie. */
  readonly session?: string | undefined;
  /** What the cookie is called; `session_id` unless said otherwise. */
  readonly cookieName?: string;
  /** Called once the whole request has been handed to the network. */
  readonly onSent?: () => void;
  /** One of this machine's addresses, to send from; on Linux every address in 127.0.0.0/8 is. */
  readonly from?: string;
  /** A Unix socket to send to, in the place of the URL's host. */
  readonly socketPath?: string;
  /** Whose connections are used; without one, the request has a connection of its own. */
  readonly agent?: Agent | false;
  /** The authority, in PEM, that vouches for an https server. */
  readonly authority?: string;
}

/** Sends one request. `target` is a method and a path, as in `GET /profile`. */
export function send(url: string, target: string, options: SendOptions = {}): Promise<Answer> {
  const [method = '', path = ''] = target.split(' ');
  const { body, contentType } = encode(options);
  const headers: OutgoingHttpHeaders = {
    ...(contentType && { 'content-type': contentType }),
    ...(body !== undefined && { 'content-length': Buffer.byteLength(body) }),
    ...(options.session !== undefined && { cookie: `${options.cookieName ?? 'session_id'}=${options.session}` }),
    ...options.headers,
  };
  const address = new URL(path, url);
  const { from, socketPath, authority: ca, agent = false } = options;
  const source = from === undefined ? {} : { localAddress: from, family: 4 };
  const request = address.protocol === 'https:' ? requestByHttps : requestByHttp;
  return new Promise((resolve, reject) => {
    const outgoing = request(address, { method, headers, agent, ca, socketPath, ...source }, (incoming) => {
      const chunks: Buffer[] = [];
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
      incoming.on('error', reject);
      incoming.on('end', () => {
        resolve({
          status: incoming.statusCode ?? 0,
          headers: incoming.headers,
          body: parse(Buffer.concat(chunks).toString()),
          session: readSession(incoming.headers['set-cookie']),
        });
      });
    });
    outgoing.on('error', reject);
    outgoing.on('finish', () => options.onSent?.());
    outgoing.end(body);
  });
}

function encode({ json, form, raw }: SendOptions): { body?: string | Buffer; contentType?: string } {
  if (json !== undefined) return { body: JSON.stringify(json), contentType: 'application/json' };
  if (form) return { body: new URLSearchParams(form).toString(), contentType: 'application/x-www-form-urlencoded' };
  return raw === undefined ? {} : { body: raw };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function readSession(cookies: readonly string[] = []): string | undefined {
  return cookies
    .map((cookie) => /^(?:__Host-)?session_id=([^;]*)/.exec(cookie)?.[1])
    .find((token) => token !== undefined);
}
