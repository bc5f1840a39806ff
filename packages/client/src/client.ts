import { type ApiClientOptions, createCaller, type HttpRequest, type Success, type SuccessBody } from './call.ts';
import { UnexpectedAnswerError } from './errors.ts';
import {
  beginTotp,
  type Confirmation,
  type Credentials,
  disableTotp,
  type EmailProof,
  enableTotp,
  listFactors,
  logIn,
  logInWithCode,
  logOut,
  notMe,
  type PasswordReset,
  profile,
  type Registration,
  register,
  renewRecoveryCodes,
  requestReset,
  requestVerification,
  resetPassword,
  type SecondFactor,
  verifyEmail,
} from './operations.ts';
import { type CodeNeeded, type Factors, readCodeNeeded, readFactors, readRecoveryCodes } from './second-factor.ts';
import {
  cookieHeader,
  deviceCookieHeader,
  type IssuedCookie,
  readDeviceToken,
  readSessionCookie,
} from './session-cookie.ts';

/** A session as the server knows it: which cookie carries which token. */
export interface SessionCookie {
  readonly token: string;
  /** Left out where it is not known. */
  readonly cookie?: string | undefined;
  /** Of a device that is known to the account: the lists of devices then say which it is. */
  readonly deviceToken?: string | undefined;
}

export interface NewSession extends IssuedCookie {
  /** As it was registered. */
  readonly email: string;
  /** For the next login from here: the account then knows this device. It opens nothing. */
  readonly deviceToken?: string | undefined;
}

export interface RequestedReset {
  readonly email: string;
  /** Present when the service answers with it (delivery `response`). */
  readonly resetToken?: string | undefined;
  /** False where an operator issues the token, and no mail is sent. */
  readonly isMailed: boolean;
}

/** A second factor that was begun: what an authenticator app is given. */
export interface BegunTotp {
  /** Base32. */
  readonly secret: string;
  /** The same, for a QR code. */
  readonly otpauthUrl: string;
}

export interface EnabledTotp {
  /** Shown once. */
  readonly recoveryCodes: readonly string[];
  /** The session under its new token; the old one is void. */
  readonly session: IssuedCookie;
}

/**
 * The six endpoints, proofs of addresses and the second factor, each as one call. Every call throws
 * {@link ApiRefusal} for a refusal, {@link UnexpectedAnswerError} for what is no answer of authsvc,
 * and what the transport throws.
 */
export interface ApiClient {
  register(registration: Registration): Promise<{ readonly email: string }>;
  /** Ask for the mail of a registration again. */
  requestVerification(email: string): Promise<{ readonly email: string }>;
  verifyEmail(proof: EmailProof): Promise<{ readonly email: string }>;
  /** Whether a registration waits for the proof of its address. */
  requiresVerification(): Promise<boolean>;
  /**
   * @param deviceToken of an earlier login to this account.
   * @returns what {@link ApiClient.logInWithCode} needs, where the account has a second factor.
   */
  logIn(credentials: Credentials, deviceToken?: string): Promise<NewSession | CodeNeeded>;
  /** Complete a login by a code. */
  logInWithCode(factor: SecondFactor, deviceToken?: string): Promise<NewSession>;
  logOut(session: SessionCookie): Promise<void>;
  profile(session: SessionCookie): Promise<{ readonly email: string }>;
  requestReset(email: string): Promise<RequestedReset>;
  resetPassword(reset: PasswordReset): Promise<{ readonly email: string }>;
  /** Take an account back with the token of a notice, which locks it until a reset. */
  notMe(token: string): Promise<void>;
  listFactors(session: SessionCookie): Promise<Factors>;
  /** Begin a second factor, which changes nothing before {@link ApiClient.enableTotp}. */
  beginTotp(session: SessionCookie, password: string): Promise<BegunTotp>;
  enableTotp(session: SessionCookie, code: string): Promise<EnabledTotp>;
  disableTotp(session: SessionCookie, confirmation: Confirmation): Promise<void>;
  /** Make new recovery codes, which void the old ones. */
  renewRecoveryCodes(session: SessionCookie, confirmation: Confirmation): Promise<readonly string[]>;
  /** Send any other request with a session: fields as JSON, the success body back. */
  send(method: HttpRequest['method'], path: string, session: SessionCookie, fields?: object): Promise<SuccessBody>;
  /**
   * Find what the addresses of the service's pages for people begin with, without a slash at the
   * end.
   *
   * @returns `undefined` where it has none, as a service of version 1.0.0.
   */
  findPages(): Promise<string | undefined>;
  /** Whether the service answers; never throws. */
  isAlive(): Promise<boolean>;
}

export function createApiClient(options: ApiClientOptions): ApiClient {
  const { server } = options;
  const call = createCaller(options);
  const as = ({ token, cookie, deviceToken }: SessionCookie) => ({
    headers: {
      cookie: [
        cookieHeader(token, cookie),
        ...(deviceToken === undefined ? [] : [deviceCookieHeader(deviceToken)]),
      ].join('; '),
    },
  });
  const from = (deviceToken?: string) =>
    deviceToken === undefined ? {} : { headers: { cookie: deviceCookieHeader(deviceToken) } };
  const cookieOf = (reply: Success): IssuedCookie => {
    const cookie = readSessionCookie(setCookies(reply));
    if (!cookie) throw new UnexpectedAnswerError(server, 'logged in without giving a session');
    return cookie;
  };

  const sessionOf = (reply: Success): NewSession => ({
    email: text(server, reply.body, 'email'),
    ...cookieOf(reply),
    deviceToken: readDeviceToken(setCookies(reply)),
  });

  return {
    async register(registration) {
      const { body } = await call(register(registration));
      return { email: text(server, body, 'email') };
    },
    async requestVerification(address) {
      const { body } = await call(requestVerification({ email: address }));
      return { email: text(server, body, 'email') };
    },
    async verifyEmail(proof) {
      const { body } = await call(verifyEmail(proof));
      return { email: text(server, body, 'email') };
    },
    async notMe(token) {
      await call(notMe(token));
    },
    async requiresVerification() {
      const { body } = await call({ method: 'GET', path: '/' });
      return body.email_verification === 'required';
    },
    async logIn(credentials, deviceToken) {
      const reply = await call({ ...logIn(credentials), ...from(deviceToken) });
      return readCodeNeeded(server, reply.body) ?? sessionOf(reply);
    },
    async logInWithCode(factor, deviceToken) {
      return sessionOf(await call({ ...logInWithCode(factor), ...from(deviceToken) }));
    },
    async logOut(session) {
      await call({ ...logOut, ...as(session) });
    },
    async profile(session) {
      const { body } = await call({ ...profile, ...as(session) });
      return { email: text(server, body, 'email') };
    },
    async requestReset(address) {
      const { body } = await call(requestReset({ email: address }));
      const resetToken = typeof body.reset_token === 'string' ? body.reset_token : undefined;
      const email = text(server, body, 'email');
      return { email, resetToken, isMailed: body.message !== 'ask the operator for a reset token' };
    },
    async resetPassword(reset) {
      const { body } = await call(resetPassword(reset));
      return { email: text(server, body, 'email') };
    },
    async listFactors(session) {
      const { body } = await call({ ...listFactors, ...as(session) });
      return readFactors(server, body);
    },
    async beginTotp(session, password) {
      const { body } = await call({ ...beginTotp({ password }), ...as(session) });
      return { secret: text(server, body, 'secret'), otpauthUrl: text(server, body, 'otpauth_url') };
    },
    async enableTotp(session, code) {
      const reply = await call({ ...enableTotp({ code }), ...as(session) });
      return { recoveryCodes: readRecoveryCodes(server, reply.body), session: cookieOf(reply) };
    },
    async disableTotp(session, confirmation) {
      await call({ ...disableTotp(confirmation), ...as(session) });
    },
    async renewRecoveryCodes(session, confirmation) {
      const { body } = await call({ ...renewRecoveryCodes(confirmation), ...as(session) });
      return readRecoveryCodes(server, body);
    },
    async send(method, path, session, fields) {
      const { body } = await call({ method, path, fields, ...as(session) });
      return body;
    },
    async findPages() {
      const { body } = await call({ method: 'GET', path: '/' });
      const { pages = null } = body;
      if (pages === null) return undefined;
      const url = URL.canParse(String(pages)) ? new URL(String(pages)) : undefined;
      if (url && /^https?:$/.test(url.protocol)) return url.origin + url.pathname.replace(/\/$/, '');
      throw new UnexpectedAnswerError(server, 'answered with pages that have no web address');
    },
    async isAlive() {
      try {
        await call({ method: 'GET', path: '/health', limits: { connectMs: 1000, totalMs: 2000 } });
        return true;
      } catch {
        return false;
      }
    },
  };
}

function setCookies({ headers }: Success): readonly string[] {
  return [headers['set-cookie'] ?? []].flat();
}

function text(server: string, body: SuccessBody, field: string): string {
  const value = body[field];
  if (typeof value !== 'string') throw new UnexpectedAnswerError(server, `answered without the field ${field}`);
  // A terminal will show it, and would obey control characters.
  if (/\p{Cc}/u.test(value))
    throw new UnexpectedAnswerError(server, `answered with control characters in the field ${field}`);
  return value;
}
