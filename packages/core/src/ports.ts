import type { Mail, MailMessage } from './mail/mail.ts';
import type { ActiveSession, SessionLifetimes } from './sessions/session.ts';
import type { StaleSessions, Store } from './store.ts';
import type { Clock, Random } from './system.ts';
import type { AttemptsInFlight } from './throttling/attempts-in-flight.ts';

/** A slot in the hashing queue, released on dispose. */
export type HashingPlace = Disposable;

export interface PasswordHasher {
  /**
   * Take a slot before anything is counted or written for a password that would then be refused.
   * Every `hash` or `verify` needs one.
   *
   * @param options `isKnown`: of a browser that is known to the account. Those have slots that no
   * stranger takes.
   * @throws AuthError `overloaded`, when the queue is longer than what can be hashed in time.
   */
  takePlace(options?: { readonly isKnown: boolean }): HashingPlace;
  /** @param password in NFC; see `normalizePassword`. */
  hash(password: string): Promise<string>;
  /**
   * Compares a password as it was typed. Without a hash, it compares with one of the configured
   * cost, so that it takes as long, and the answer is false.
   *
   * @param options `isKnown`: of a known browser, which waits for no stranger in the queue.
   */
  verify(password: string, passwordHash: string | undefined, options?: { readonly isKnown: boolean }): Promise<boolean>;
  /** Whether a hash was made elsewhere, or has another scheme or a lower cost than new ones. */
  needsRehash(passwordHash: string): boolean;
  /** The bcrypt cost of a hash of any scheme. */
  costOf(passwordHash: string): number;
  /**
   * Convert a hash from elsewhere to the stored form; a `problem` says in a sentence why that
   * fails.
   */
  adopt(passwordHash: string): { readonly passwordHash: string } | { readonly problem: string };
  /** A hash in the form that other systems accept. */
  exported(passwordHash: string): string;
}

/** Passwords that are guessed first. */
export interface CommonPasswords {
  /** @param password in NFC and lower case. */
  includes(password: string): Promise<boolean>;
}

/** Puts mails into words, and sends them. */
export interface Mailer {
  /**
   * Resolves when the mail server has accepted the mail; limited in time, and aborted by `signal`.
   */
  send(mail: Mail, signal?: AbortSignal): Promise<void>;
}

/** Delivers mails that are in words, under the same conditions. */
export interface MailTransport {
  send(message: MailMessage, signal?: AbortSignal): Promise<void>;
}

/** Session checks. */
export interface SessionChecks {
  /**
   * The session with this digest, also an expired one; none if it ended or its owner is disabled.
   */
  find(tokenDigest: string): ActiveSession | undefined | Promise<ActiveSession | undefined>;
  /** Note that a session was used now; stored later, in batches. */
  touch(session: ActiveSession, nowMs: number): void;
  /** The last use of a session, if more recent than the stored one. */
  lastUse(tokenDigest: string): number | undefined;
  /** Drops cached sessions. The store calls it for every transaction, before its answer. */
  forget(stale: StaleSessions): void;
}

/**
 * How a reset token travels to its owner.
 *
 * `response` returns it to the requester, which is only right on a developer's machine.
 */
export type ResetDelivery = 'response' | 'smtp' | 'operator';

/**
 * Who may come in: anyone, only people whom an operator invites, or no one. Existing accounts stay
 * as they are.
 */
export type RegistrationPolicy = 'open' | 'invited' | 'closed';

/** The settings of the rules. */
export interface AuthPolicy {
  readonly registration: RegistrationPolicy;
  /** With `required`, no account is made, and no address changed, before its mailbox is proven. */
  readonly emailVerification: 'off' | 'required';
  /** Whether mails are sent. Without a mail server, links of invitations are printed. */
  readonly sendsMail: boolean;
  /** What one address may try in a minute. */
  readonly loginsPerMinute: number;
  readonly registrationsPerMinute: number;
  /** Resets that are asked for, and verification mails that are asked for again: each. */
  readonly resetsPerMinute: number;
  /** `minLength` is code points, after NFC. */
  readonly password: { readonly minLength: number };
  readonly lifetimes: SessionLifetimes;
  readonly resetTokenMs: number;
  readonly eventRetentionMs: number;
  readonly resetDelivery: ResetDelivery;
  /**
   * Whether loopback addresses are throttled like others: a local proxy's requests come from there.
   */
  readonly throttleLoopback: boolean;
}

/** Everything that use cases need. */
export interface AuthPorts {
  readonly clock: Clock;
  readonly random: Random;
  readonly hasher: PasswordHasher;
  readonly attempts: AttemptsInFlight;
  readonly commonPasswords: CommonPasswords;
  readonly mailer: Mailer;
  readonly sessions: SessionChecks;
  readonly store: Store;
  readonly policy: AuthPolicy;
}
