import type { Agent, IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http';

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  /** The parsed JSON, or the text where it is not JSON. */
  readonly body: unknown;
  /** The error code of a refusal. */
  readonly code: string | undefined;
  /** Every cookie that is set, as `name=value`. */
  readonly cookies: readonly string[];
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
  /** The name of the cookie; `session_id` by default. */
  readonly cookieName?: string;
  /** Called once the whole request has been handed to the network. */
  readonly onSent?: () => void;
  /** One of this machine's addresses, to send from; on Linux every address in 127.0.0.0/8 is. */
  readonly from?: string;
  /** The agent whose connections are used; without one, the request has a connection of its own. */
  readonly agent?: Agent | false;
  /** The authority, in PEM, that vouches for an https server. */
  readonly authority?: string;
}

export function send(to: string, target: string, options?: SendOptions): Promise<Answer>;
export function mustSend(to: string, target: string, options?: SendOptions): Promise<Answer>;
