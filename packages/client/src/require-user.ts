import { AuthsvcError } from './errors.ts';
import type { Identity, User } from './identity.ts';
import type { LoginUrls, PageRequest } from './login-url.ts';
import { headerOf, type RelayedRequest } from './relayed-request.ts';

export interface RequireUserOptions {
  /** Let in only users with this role; others get 403. */
  readonly role?: string;
}

/** The part of Node's `ServerResponse` that is used to answer; Express's response is one too. */
interface NodeResponse {
  readonly headersSent: boolean;
  writeHead(status: number, headers: Readonly<Record<string, string>>): unknown;
  end(body: string): unknown;
}

/** Express middleware, or any that is called with Node's request and response. */
export type Middleware = (
  request: PageRequest,
  response: NodeResponse,
  next: (error?: unknown) => void,
) => Promise<void>;

/** As much of Fastify as the plugin uses. */
interface FastifyLike {
  decorateRequest(name: string, value: null): unknown;
  hasRequestDecorator(name: string): boolean;
  addHook(name: 'onRequest', hook: (request: PageRequest, reply: FastifyReplyLike) => Promise<unknown>): unknown;
}

interface FastifyReplyLike {
  code(status: number): this;
  headers(headers: Readonly<Record<string, string>>): this;
  send(body: string): unknown;
}

export type FastifyPlugin = (server: FastifyLike, options?: RequireUserOptions) => Promise<void>;

/** How a request goes on: with its user, or with an answer. */
type Decision = { readonly user: User } | Answer;

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Seconds after which a client may ask again while the service is away. */
const RETRY_AFTER = '5';

/** What a person sees meanwhile. */
const UNAVAILABLE_PAGE = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<title>Try again soon</title>
<h1>Try again soon</h1>
<p>This page is not available right now. Please try again in a few seconds.</p>
</html>
`;

/** What Fastify's `register` reads itself. */
const OPTIONS_OF_FASTIFY = ['prefix', 'logLevel', 'logSerializers'];

/** Who decides, and where to say why the service is not available. */
export interface Gate extends Pick<LoginUrls, 'loginUrlFrom' | 'loginUrlAfterForm'> {
  whoami(request: RelayedRequest): Promise<Identity | null>;
  readonly onUnavailable: (error: AuthsvcError) => void;
}

/** @throws TypeError an unknown option, or a role that is no text: each would admit every user */
export function createRequireUser(gate: Gate, options: RequireUserOptions = {}): Middleware {
  checkOptions(options, ['role']);
  return async (request, response, next) => {
    try {
      const decision = await decide(gate, request, options);
      if (!('user' in decision)) {
        // A time limit of the application's own may have answered meanwhile.
        if (response.headersSent) return;
        response.writeHead(decision.status, decision.headers);
        response.end(decision.body);
        return;
      }
      Object.assign(request, { user: decision.user });
    } catch (error) {
      next(error);
      return;
    }
    next();
  };
}

export function createFastifyPlugin(gate: Gate): FastifyPlugin {
  const plugin: FastifyPlugin = async (server, options = {}) => {
    checkOptions(options, ['role', ...OPTIONS_OF_FASTIFY]);
    if (!server.hasRequestDecorator('user')) server.decorateRequest('user', null);
    server.addHook('onRequest', async (request, reply) => {
      const decision = await decide(gate, request, options);
      if (!('user' in decision)) return reply.code(decision.status).headers(decision.headers).send(decision.body);
      Object.assign(request, { user: decision.user });
      return undefined;
    });
  };
  // Fastify would otherwise keep the hook to the plugin itself, away from the routes beside it.
  return Object.assign(plugin, { [Symbol.for('skip-override')]: true });
}

function checkOptions(options: RequireUserOptions, known: readonly string[]): void {
  const unknown = Object.keys(options).find((name) => !known.includes(name));
  if (unknown !== undefined) throw new TypeError(`requireUser({ role }) has no option ${unknown}`);
  if ('role' in options && (typeof options.role !== 'string' || options.role === '')) {
    throw new TypeError('requireUser: role is not the name of a role');
  }
}

async function decide(gate: Gate, request: PageRequest, { role }: RequireUserOptions): Promise<Decision> {
  let identity: Identity | null;
  try {
    identity = await gate.whoami(request);
  } catch (error) {
    if (!(error instanceof AuthsvcError)) throw error;
    gate.onUnavailable(error);
    return refuseUnavailable(request);
  }
  if (identity === null) {
    if (!isNavigation(request)) return refuse(401, 'unauthenticated', 'log in first: there is no valid session');
    const isPageLoad = request.method === 'GET' || request.method === 'HEAD';
    const location = isPageLoad ? gate.loginUrlFrom(request) : gate.loginUrlAfterForm(request);
    return { status: isPageLoad ? 302 : 303, headers: { location, 'cache-control': 'no-store' }, body: '' };
  }
  if (role !== undefined && identity.user.role !== role) {
    return refuse(403, 'forbidden', `this needs the role ${role}`);
  }
  return { user: identity.user };
}

/** Whether a browser is to show the answer as a page; others want a status that they can read. */
function isNavigation(request: RelayedRequest): boolean {
  const mode = headerOf(request, 'sec-fetch-mode');
  if (mode !== undefined) return mode === 'navigate';
  return headerOf(request, 'accept')?.includes('text/html') ?? false;
}

function refuseUnavailable(request: RelayedRequest): Answer {
  const answer = refuse(503, 'unavailable', 'the account service is not available: try again', {
    'retry-after': RETRY_AFTER,
  });
  if (!isNavigation(request)) return answer;
  return {
    ...answer,
    headers: { ...answer.headers, 'content-type': 'text/html; charset=utf-8' },
    body: UNAVAILABLE_PAGE,
  };
}

function refuse(status: number, code: string, message: string, more: Readonly<Record<string, string>> = {}): Answer {
  const headers = { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store', ...more };
  return { status, headers, body: JSON.stringify({ code, message }) };
}
