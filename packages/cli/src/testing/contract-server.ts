import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

interface ReceivedRequest {
  /** Method and path, as in `POST /users`. */
  readonly target: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: unknown;
}

interface ScriptedAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  /** Sent as JSON; a string is sent as it is. */
  readonly body: unknown;
}

export interface ContractServer {
  readonly url: string;
  readonly received: ReceivedRequest[];
  readonly users: Map<string, string>;
  /** Token to email. */
  readonly sessions: Map<string, string>;
  /** Answers a target in this way from now on. */
  script(target: string, answer: ScriptedAnswer): void;
  /** Keeps the next answer to a target back. @returns what lets it go, once it was asked. */
  hold(target: string): Promise<() => void>;
  close(): Promise<void>;
}

export const RESET_TOKEN = 'a4d19e2f-88f1-4bc4-89f7-7d39b98a3d44';

/** An in-memory server of the six endpoints, on a free port of this machine; ends with the test. */
export async function startContractServer(): Promise<ContractServer> {
  const received: ReceivedRequest[] = [];
  const users = new Map<string, string>();
  const sessions = new Map<string, string>();
  const scripts = new Map<string, ScriptedAnswer>();
  const held = new Map<string, (release: () => void) => void>();

  const server = createServer((incoming, outgoing) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      const text = Buffer.concat(chunks).toString();
      const fields: Record<string, string> = text === '' ? {} : JSON.parse(text);
      const target = `${incoming.method} ${incoming.url}`;
      received.push({ target, headers: incoming.headers, body: text === '' ? undefined : fields });
      const token = /session_id=([^;]+)/.exec(incoming.headers.cookie ?? '')?.[1] ?? '';
      const answer = scripts.get(target) ?? answerAsContract({ users, sessions }, target, fields, token);
      const send = () => {
        outgoing.writeHead(answer.status, { 'content-type': 'application/json', ...answer.headers });
        outgoing.end(typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body));
      };
      const holder = held.get(target);
      held.delete(target);
      if (holder) holder(send);
      else send();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  onTestFinished(close);
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    received,
    users,
    sessions,
    hold: (target) => new Promise((resolve) => held.set(target, resolve)),
    script: (target, answer) => scripts.set(target, answer),
    close,
  };
}

interface Accounts {
  readonly users: Map<string, string>;
  readonly sessions: Map<string, string>;
}

function answerAsContract(
  { users, sessions }: Accounts,
  target: string,
  fields: Record<string, string>,
  token: string,
): ScriptedAnswer {
  const { email = '', password = '', reset_token, new_password = '' } = fields;
  const refuse = (status: number, code: string, message: string) => ({ status, body: { code, message } });
  switch (target) {
    case 'GET /health':
      return { status: 200, body: { status: 'ok' } };
    case 'POST /users':
      if (users.has(email)) return refuse(400, 'email_taken', 'email already registered');
      if (password === 'password123') return refuse(400, 'password_rejected', 'the password is too common');
      users.set(email, password);
      return { status: 200, body: { email, message: 'user created' } };
    case 'POST /sessions': {
      if (users.get(email) !== password) return refuse(401, 'invalid_credentials', 'wrong email or password');
      const issued = `session-${sessions.size + 1}-of-${email.replace('@', '-')}`;
      sessions.set(issued, email);
      const cookie = `session_id=${issued}; Max-Age=2592000; Path=/; HttpOnly; SameSite=Lax`;
      return { status: 200, headers: { 'set-cookie': cookie }, body: { email, message: 'logged in' } };
    }
    case 'GET /profile':
      if (!sessions.has(token)) return refuse(403, 'unauthenticated', 'log in first: there is no valid session');
      return { status: 200, body: { email: sessions.get(token) } };
    case 'DELETE /sessions':
      if (!sessions.delete(token)) return refuse(403, 'unauthenticated', 'log in first: there is no valid session');
      return { status: 200, body: { message: 'logged out' } };
    case 'POST /reset_password':
      if (!users.has(email)) return refuse(403, 'unknown_email', 'no account has this email');
      return { status: 200, body: { email, reset_token: RESET_TOKEN } };
    case 'PUT /reset_password':
      if (reset_token !== RESET_TOKEN) return refuse(403, 'invalid_reset_token', 'this reset token is not valid');
      if (new_password === 'password123') return refuse(400, 'password_rejected', 'the password is too common');
      users.set(email, new_password);
      return { status: 200, body: { email, message: 'password updated' } };
    default:
      return refuse(404, 'not_found', 'there is nothing here');
  }
}
