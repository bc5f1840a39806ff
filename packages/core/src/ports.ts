import type { Mail } from './mail/mails.ts';
import type { ActiveSession, SessionLifetimes } from './sessions/session.ts';
import type { StaleSessions, Store } from './store.ts';
import type { Clock, Random } from './system.ts';
import type { AttemptsInFlight } from './throttling/attempts-in-flight.ts';

/** Room for one password with those who hash it, until it is disposed of. */
export type HashingPlace = Disposable;

export interface PasswordHasher {
  /**
   * Takes a place in the queue, before anything is counted or written for a password that would then be refused. Who hashes or verifies has taken one.
   * @throws AuthError `overloaded`, when the queue is longer than what can be hashed in time.
   */
  takePlace(): HashingPlace;
  /** @param password in NFC; see `normalizePassword`. */
  hash(password: string): Promise<string>;
  /**
   * Compares a password as it was typed. Costs as much with no hash to compare with: then one of
   * the configured cost takes its place, and the answer is false.
   */
  verify(password: string, passwordHash: string | undefined): Promise<boolean>;
  /**
   * Whether a hash was made elsewhere, is of another scheme or of a lower cost than new ones are.
   */
  needsRehash(passwordHash: string): boolean;
  /** The bcrypt cost of a hash, of whatever scheme. */
  costOf(passwordHash: string): number;
  /**
   * Takes in a hash from elsewhere, as it is kept here; a `problem` says in a sentence why that
   * cannot be.
   */
  adopt(passwordHash: string): { readonly passwordHash: string } | { readonly problem: string };
  /** A hash as other systems take it in. */
  exported(passwordHash: string): string;
}

/** Passwords that whoever guesses tries first. */
export interface CommonPasswords {
  /** @param password in NFC and lower case. */
  includes(password: string): Promise<boolean>;
}

export interface Mailer {
  /** Resolves once the mail server has taken the mail; bounded in time, and cut short by `signal`. */
  send(mail: Mail, signal?: AbortSignal): Promise<void>;
}

/** Session checks. */
export interface SessionChecks {
  /** The session with this digest, whatever its age; none when it has ended or its owner is disabled. */
  find(tokenDigest: string): ActiveSession | undefined | Promise<ActiveSession | undefined>;
  /** Notes that a session was used now; written to the store later, in batches. */
  touch(session: ActiveSession, nowMs: number): void;
  /** When a session was last used, where that is known better than the store knows it. */
  lastUse(tokenDigest: string): number | undefined;
  /** Drops cached sessions. The store calls it for every transaction, before its answer. */
  forget(stale: StaleSessions): void;
}

export interface PasswordRules {
  /** Code points, after NFC. */
  readonly minLength: number;
}

/**
 * How a reset token travels to its owner.
 *
 * `response` hands it to whoever asks, which is right on a developer's own machine alone.
 */
export type ResetDelivery = 'response' | 'smtp' | 'operator';

/** The settings that the rules obey. */
export interface AuthPolicy {
  /** What one address may try in a minute. */
  readonly loginsPerMinute: number;
  readonly registrationsPerMinute: number;
  /** Resets that are asked for. */
  readonly resetsPerMinute: number;
  readonly password: PasswordRules;
  readonly lifetimes: SessionLifetimes;
  readonly resetTokenMs: number;
  readonly eventRetentionMs: number;
  readonly resetDelivery: ResetDelivery;
  /** Whether this machine's own addresses are limited like others: they are where a proxy on it passes requests on. */
  readonly throttleLoopback: boolean;
}

/** All that a use case can ask for; each takes only what it uses. */
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
