import { createCaller } from './call.ts';
import type { AnswerOf, EndpointName } from './contract/endpoints.ts';
import { ApiRefusal, type AuthsvcError, UnexpectedAnswerError } from './errors.ts';
import { fetchTransport } from './fetch-transport.ts';
import { type Identity, readIdentity, type User } from './identity.ts';
import { createLoginUrls, type PageRequest } from './login-url.ts';
import {
  type Credentials,
  type EmailProof,
  logIn,
  logInWithCode,
  logOut,
  type Operation,
  type PasswordReset,
  type Registration,
  register,
  requestReset,
  requestVerification,
  resetPassword,
  type SecondFactor,
  verifyEmail,
  whoami,
} from './operations.ts';
import { assertPeer, type RelayedRequest, type RelayOptions, relayedHeaders } from './relayed-request.ts';
import {
  createFastifyPlugin,
  createRequireUser,
  type FastifyPlugin,
  type Middleware,
  type RequireUserOptions,
} from './require-user.ts';
import { assertSameOrigin } from './same-origin.ts';
import { type CodeNeeded, readCodeNeeded } from './second-factor.ts';
import { readSessionCookie } from './session-cookie.ts';

/** The service answers from memory. */
const WHOAMI_MS = 2000;
/** A password is hashed for it, perhaps after waiting its turn. */
const FORM_MS = 20_000;
/** A timer for longer ends at once. */
const LONGEST_MS = 2 ** 31 - 1;

export interface AuthsvcOptions {
  /** Where the application reaches the service, such as `http://127.0.0.1:4100`. */
  readonly url: string;
  /**
   * The service as browsers see it, its AUTHSVC_PUBLIC_URL: `https://app.example.com/auth`. Login
   * links go there, and it decides the name of the cookie. Without it, links go to `url`.
   */
  readonly publicUrl?: string | undefined;
  /** The application's own login page, a path or an address; by default `<publicUrl>/login`. */
  readonly loginPage?: string | undefined;
  /** How long the service may take to say whose request it is, milliseconds; 2,000 by default. */
  readonly timeoutMs?: number | undefined;
  /** By default the global one. */
  readonly fetch?: typeof fetch | undefined;
  /** Called with the reason where `requireUser` answers 503; by default it prints it. */
  readonly onUnavailable?: ((error: AuthsvcError) => void) | undefined;
}

/** What became of a form that was relayed. */
export interface Relayed<Name extends EndpointName> {
  /** The service's answer. */
  readonly body: Partial<AnswerOf<Name>>;
  /**
   * `Set-Cookie` headers, unchanged: append them all to your own response. A login has two, for the
   * session and for the browser, which the account then knows.
   */
  readonly setCookie: string[];
}

/** What became of a login form. */
export interface RelayedLogin extends Relayed<'logIn'> {
  /**
   * Set where the account has a second factor: no one is logged in yet, and `setCookie` is empty.
   * Ask for a code, and send it by {@link Authsvc.logInWithCode}.
   */
  readonly codeNeeded?: CodeNeeded | undefined;
}

/**
 * The service, as an application's backend uses it.
 *
 * Every call throws an {@link AuthsvcError}: {@link ApiRefusal} where the service refuses,
 * `UnreachableError` where there is no answer in time, {@link UnexpectedAnswerError} where it is
 * not one of authsvc's. On any of them, let no user in.
 *
 * The forms need a request with a socket, or the option `peer`: the service limits attempts by
 * address, and a client can write any into `X-Forwarded-For`.
 */
export interface Authsvc {
  /** Ask whose request it is; `null` if it has no valid session. Nothing is cached. */
  whoami(request: RelayedRequest, options?: RelayOptions): Promise<Identity | null>;
  /** Express middleware: sets `request.user`, or answers for the application. */
  requireUser(options?: RequireUserOptions): Middleware;
  /** Fastify plugin, which does the same for the routes of its scope. */
  readonly fastify: FastifyPlugin;
  /** The user whom {@link requireUser} or {@link fastify} let in. @throws Error neither has run */
  userOf(request: object): User;
  /**
   * The URL of the login page, which sends the user back to `returnTo` after the login: a path of
   * the application, or an address of this origin. In development pass the request, which says on
   * which port the application is.
   *
   * @returns an address, or a path if `loginPage` is one
   * @throws TypeError `returnTo` is of another origin, or is a path and there is neither a
   * `publicUrl` nor a request
   */
  loginUrl(returnTo?: string, request?: PageRequest): string;
  /** The URL of the service's page to log out, which sends the user to `returnTo` after that. */
  logoutUrl(returnTo?: string, request?: PageRequest): string;
  /** The URL of the service's account page, which links back to `returnTo`. */
  accountUrl(returnTo?: string, request?: PageRequest): string;
  /**
   * The path to redirect to after a login, from the `return_to` of a link that anyone can write.
   *
   * @param fallback for what is neither a path nor an address of this origin; `/` by default
   * @returns a path of the application's own origin, which begins with one slash
   */
  returnPath(returnTo: unknown, fallback?: string): string;
  /** @throws CrossOriginError a page of another origin caused this state-changing request */
  assertSameOrigin(request: RelayedRequest): void;
  /**
   * Where addresses must be proven, there is no account before {@link verifyEmail}; the answer is
   * the same for known and unknown addresses.
   */
  register(request: RelayedRequest, form: Registration, options?: RelayOptions): Promise<Relayed<'register'>>;
  /** Have the mail of a registration sent again. */
  requestVerification(
    request: RelayedRequest,
    form: Pick<Credentials, 'email'>,
    options?: RelayOptions,
  ): Promise<Relayed<'requestEmailVerification'>>;
  /** Prove an address by the token that was mailed to it. It logs no one in. */
  verifyEmail(request: RelayedRequest, form: EmailProof, options?: RelayOptions): Promise<Relayed<'verifyEmail'>>;
  logIn(request: RelayedRequest, form: Credentials, options?: RelayOptions): Promise<RelayedLogin>;
  /**
   * Complete a login by six digits or a recovery code. `invalid_code` may be tried again; after
   * `second_factor_expired`, begin with the password.
   */
  logInWithCode(request: RelayedRequest, form: SecondFactor, options?: RelayOptions): Promise<Relayed<'logInWithCode'>>;
  /** Without a valid session, as after a second click, there is nothing to do: no `Set-Cookie`. */
  logOut(request: RelayedRequest, options?: RelayOptions): Promise<Relayed<'logOut'>>;
  requestReset(
    request: RelayedRequest,
    form: Pick<Credentials, 'email'>,
    options?: RelayOptions,
  ): Promise<Relayed<'requestPasswordReset'>>;
  resetPassword(
    request: RelayedRequest,
    form: PasswordReset,
    options?: RelayOptions,
  ): Promise<Relayed<'resetPassword'>>;
}

/**
 * Connect an application to its account service. Nothing is sent before the first call.
 *
 * @throws TypeError an option that cannot be right
 */
export function createAuthsvc(options: AuthsvcOptions): Authsvc {
  const { loginPage, timeoutMs = WHOAMI_MS, onUnavailable = printUnavailable } = options;
  // As in the settings of the service, an empty variable counts as absent.
  const publicUrl = options.publicUrl || undefined;
  const server = baseUrl('url', options.url);
  const base = publicUrl === undefined ? server : baseUrl('publicUrl', publicUrl);
  const cookieNames = cookieNamesOf(publicUrl, 'session_id');
  // A form's answer may depend on the device; whose session it is does not.
  const formCookieNames = [...cookieNames, ...cookieNamesOf(publicUrl, 'authsvc_device')];
  const { loginUrlFrom, loginUrlAfterForm, ...links } = createLoginUrls({
    base,
    isPublic: publicUrl !== undefined,
    loginPage,
  });
  const call = createCaller({ server, transport: fetchTransport(options.fetch) });
  if (!(timeoutMs > 0 && timeoutMs <= LONGEST_MS)) {
    throw new TypeError(`createAuthsvc: timeoutMs is not a number of milliseconds: ${timeoutMs}`);
  }
  const ownOrigin = publicUrl === undefined ? undefined : new URL(base).origin;

  async function identify(request: RelayedRequest, relayOptions?: RelayOptions): Promise<Identity | null> {
    const headers = relayedHeaders(request, cookieNames, relayOptions);
    // Most visitors have no session: nothing to ask.
    if (headers.cookie === undefined) return null;
    try {
      return readIdentity(server, await call({ ...whoami, headers, limits: { totalMs: timeoutMs } }));
    } catch (error) {
      if (error instanceof ApiRefusal && error.code === 'unauthenticated') return null;
      throw error;
    }
  }

  async function relay<Name extends EndpointName>(
    operation: Operation<Name>,
    request: RelayedRequest,
    relayOptions?: RelayOptions,
  ): Promise<Relayed<Name>> {
    assertPeer(request, relayOptions);
    const headers = relayedHeaders(request, formCookieNames, relayOptions);
    const reply = await call({ ...operation, headers, limits: { totalMs: FORM_MS } });
    return { body: reply.body as Partial<AnswerOf<Name>>, setCookie: [reply.headers['set-cookie'] ?? []].flat() };
  }

  function withSession<Name extends EndpointName>(relayed: Relayed<Name>): Relayed<Name> {
    if (readSessionCookie(relayed.setCookie)) return relayed;
    throw new UnexpectedAnswerError(server, 'logged in without giving a session');
  }

  const gate = { whoami: identify, loginUrlFrom, loginUrlAfterForm, onUnavailable };
  return {
    whoami: identify,
    requireUser: (requirements) => createRequireUser(gate, requirements),
    fastify: createFastifyPlugin(gate),
    userOf(request) {
      const { user } = request as { readonly user?: User | null };
      if (!user) throw new Error('no user: requireUser() has not run for this route');
      return user;
    },
    ...links,
    assertSameOrigin: (request) => assertSameOrigin(request, ownOrigin),
    register: (request, form, relayOptions) => relay(register(formOf(form)), request, relayOptions),
    requestVerification: (request, form, relayOptions) =>
      relay(requestVerification(formOf(form)), request, relayOptions),
    verifyEmail: (request, form, relayOptions) => relay(verifyEmail(formOf(form)), request, relayOptions),
    async logIn(request, form, relayOptions) {
      const relayed = await relay(logIn(formOf(form)), request, relayOptions);
      const codeNeeded = readCodeNeeded(server, relayed.body);
      return codeNeeded ? { body: {}, setCookie: [], codeNeeded } : withSession(relayed);
    },
    logInWithCode: async (request, form, relayOptions) =>
      withSession(await relay(logInWithCode(formOf(form)), request, relayOptions)),
    async logOut(request, relayOptions) {
      try {
        return await relay(logOut, request, relayOptions);
      } catch (error) {
        if (error instanceof ApiRefusal && error.code === 'unauthenticated') return { body: {}, setCookie: [] };
        throw error;
      }
    },
    requestReset: (request, form, relayOptions) => relay(requestReset(formOf(form)), request, relayOptions),
    resetPassword: (request, form, relayOptions) => relay(resetPassword(formOf(form)), request, relayOptions),
  };
}

/** The service reads one name, with `__Host-` behind https; if unknown, both are sent. */
function cookieNamesOf(publicUrl: string | undefined, name: string): readonly string[] {
  if (publicUrl === undefined) return [name, `__Host-${name}`];
  return [publicUrl.startsWith('https:') ? `__Host-${name}` : name];
}

/** Without a body, frameworks hand on nothing; the service then says which fields are missing. */
function formOf<Form extends object>(form: Form | null | undefined): Form {
  return form ?? ({} as Form);
}

function baseUrl(option: string, text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !/^https?:$/.test(url.protocol) || `${url.search}${url.hash}${url.username}${url.password}` !== '') {
    throw new TypeError(`createAuthsvc: ${option} is not an http or https address: ${text}`);
  }
  return url.origin + url.pathname.replace(/\/$/, '');
}

function printUnavailable({ message }: AuthsvcError): void {
  // biome-ignore lint/suspicious/noConsole: an application that answers 503 has to see why
  console.error(`authsvc is not available: ${message}`);
}
