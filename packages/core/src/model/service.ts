import { createHash } from 'node:crypto';
import { normalizePassword } from '../passwords/password-rules.ts';
import type { LoggedIn } from '../sessions/complete-login.ts';
import { type Credentials, logIn } from '../sessions/log-in.ts';
import type { Random } from '../system.ts';
import { createTestAuth, type TestAuth } from '../testing/index.ts';
import type { Password } from './cast.ts';
import { IDLE_MS, LIFETIME_MS, type Settings, TOKEN_MS } from './world.ts';

/** The real service under test, and all that it ever handed out, in order. */
export interface Service {
  readonly auth: TestAuth;
  readonly sessions: { readonly id: string; readonly token: string }[];
  readonly tokens: string[];
  /** The secrets of authenticator apps, in base32. */
  readonly apps: string[];
  readonly recoveryCodes: string[];
  /** Device tokens. */
  readonly browsers: string[];
  /** Of logins that wait for a code. */
  readonly pendingLogins: string[];
  /** What an operator sets with a restart. */
  set(settings: Settings): void;
  /** Forgets what is held in memory, as a new process would. */
  restart(): Promise<void>;
  /** Lets time pass. As in real use, the last uses of sessions are stored before that matters. */
  passTime(milliseconds: number): Promise<void>;
  close(): Promise<void>;
}

/**
 * A hash of the service, or an imported one. Like bcrypt, it does not distinguish lone surrogates.
 */
export function hashOf({ spellings }: Password, isOld: boolean): string {
  return `${isOld ? 'old' : 'cheap'}:${spellings[0].toWellFormed()}`;
}

/** Reproducible bytes that never repeat: a sequence makes hundreds of secrets. */
function createManyBytes(random: Random): Random {
  let count = 0;
  return {
    ...random,
    bytes: (length) => {
      count += 1;
      return createHash('sha512').update(String(count)).digest().subarray(0, length);
    },
  };
}

/**
 * A service on a database of its own. Hashing is free, and the requester is on this machine, so
 * that attempts are counted by account alone.
 */
export async function openService(): Promise<Service> {
  const auth = await createTestAuth({
    lifetimes: { idleMs: IDLE_MS, lifetimeMs: LIFETIME_MS },
    resetTokenMs: TOKEN_MS,
    resetDelivery: 'response',
    throttleLoopback: false,
  });
  let { policy } = auth;
  const hasher = {
    ...auth.hasher,
    verify: async (password: string, hash: string | undefined) =>
      ['cheap', 'old'].some((scheme) => hash === `${scheme}:${normalizePassword(password).toWellFormed()}`),
    needsRehash: (hash: string) => hash.startsWith('old:'),
  };
  return {
    auth: {
      ...auth,
      hasher,
      random: createManyBytes(auth.random),
      get sessions() {
        return auth.sessions;
      },
      get policy() {
        return policy;
      },
    },
    sessions: [],
    tokens: [],
    apps: [],
    recoveryCodes: [],
    browsers: [],
    pendingLogins: [],
    set: (settings) => {
      policy = { ...policy, ...settings };
    },
    restart: auth.restart,
    passTime: async (milliseconds) => {
      await auth.sessions.flush();
      auth.clock.advance(milliseconds);
    },
    close: auth.close,
  };
}

/** Log in, and keep what that hands out. */
export async function logInTo(service: Service, credentials: Credentials) {
  const outcome = await logIn(service.auth, credentials);
  if ('secondFactorToken' in outcome) {
    service.pendingLogins.push(outcome.secondFactorToken);
    return { waits: true };
  }
  return keep(service, outcome);
}

/** Keep what a complete login hands out. */
export function keep({ sessions, browsers }: Service, { session, token, device, user }: LoggedIn): { email: string } {
  sessions.push({ id: session.id, token });
  if (!browsers.includes(device.token)) browsers.push(device.token);
  return { email: user.email };
}
