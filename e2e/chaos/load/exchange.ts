import { type Agent, request } from 'node:http';
import { text } from 'node:stream/consumers';

/** A request as it is sent; the body as JSON. */
export interface Outgoing {
  readonly method: string;
  readonly path: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** A session token, sent as the cookie. */
  readonly session?: string | undefined;
  /** Which connections it may use; one of its own without. */
  readonly agent?: Agent;
}

export interface Incoming {
  readonly status: number;
  readonly retryAfter: string | undefined;
  readonly date: string | undefined;
  /** The origin whose pages may read it, if any. */
  readonly allowedOrigin: string | undefined;
  /** The session token that was set, if any. */
  readonly session: string | undefined;
  readonly text: string;
}

/** Sends one request to a URL, or to a Unix socket by its path. */
export function exchange(to: string, outgoing: Outgoing): Promise<Incoming> {
  const { method, path, body, headers, session, agent = false } = outgoing;
  const raw = typeof body === 'string' ? body : JSON.stringify(body);
  const target = to.startsWith('/') ? { socketPath: to } : addressOf(to);
  return new Promise((resolve, reject) => {
    const sent = request(
      {
        ...target,
        agent,
        method,
        path,
        headers: {
          ...(raw !== undefined && { 'content-type': 'application/json', 'content-length': Buffer.byteLength(raw) }),
          ...(session !== undefined && { cookie: `session_id=${session}` }),
          ...headers,
        },
      },
      (incoming) => {
        const cookie = incoming.headers['set-cookie']?.[0] ?? '';
        text(incoming).then((answered) => {
          resolve({
            status: incoming.statusCode ?? 0,
            retryAfter: incoming.headers['retry-after'],
            date: incoming.headers.date,
            allowedOrigin: incoming.headers['access-control-allow-origin'],
            session: /^session_id=([^;]+)/.exec(cookie)?.[1],
            text: answered,
          });
        }, reject);
      },
    );
    sent.on('error', reject);
    sent.end(raw);
  });
}

/** The stable word of a refusal. */
export function codeOf({ text: answered }: Incoming): unknown {
  try {
    return (JSON.parse(answered) as { code?: unknown } | null)?.code;
  } catch {
    return undefined;
  }
}

function addressOf(url: string): { host: string; port: string } {
  const { hostname: host, port } = new URL(url);
  return { host, port };
}
