import type { AttemptsInFlight } from './attempts-in-flight.ts';
import type { AuthEvent, StoredEvent } from './event.ts';
import type { OneTimeToken, TokenKind, TokenPurpose } from './one-time-tokens.ts';
import type { OutboxMail } from './outbox.ts';
import type { PasswordRules } from './password.ts';
import type { ResetDelivery } from './password-reset.ts';
import type { Mail } from './reset-mail.ts';
import type { ActiveSession, Session, SessionLifetimes } from './session.ts';
import type { ThrottleState } from './throttle.ts';
import type { User } from './user.ts';

export interface Clock {
  /** Milliseconds since the Unix epoch. */
  now(): number;
}

/** The CSPRNG; nothing that is secret comes from anywhere else. */
export interface Random {
  bytes(count: number): Buffer;
  /** A version 4 UUID. */
  uuid(): string;
}

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

/**
 * Who a session token belongs to. Every use case that ends sessions tells it so, after its transaction and before its answer.
 */
export interface ActiveSessions {
  /** The session with this digest, whatever its age; none when it has ended or its owner is disabled. */
  find(tokenDigest: string): ActiveSession | undefined | Promise<ActiveSession | undefined>;
  /** Notes that a session was used now; written to the store later, in batches. */
  touch(session: ActiveSession, nowMs: number): void;
  /** When a session was last used, where that is known better than the store knows it. */
  lastUse(tokenDigest: string): number | undefined;
  forget(ended: EndedSessions): void;
}

/** Which sessions have ended: one by its digest, some or all of a user, or everybody's. */
export type EndedSessions = { readonly tokenDigest: string } | { readonly userId: string } | 'all';

/** What a transaction can do with one-time tokens; see `one-time-tokens.ts`. */
export interface TokenTransaction {
  insertToken(token: OneTimeToken): Promise<void>;
  /**
   * Deletes those of a kind that have expired, and all but `kept` of the others: mailed ones go
   * last, then newer ones.
   */
  trimTokens(kind: TokenKind, kept: number, nowMs: number): Promise<void>;
  /** Takes a token that is still good at `nowMs`; of many that try, one gets true. */
  takeToken(digest: string, purpose: TokenPurpose, userId: string, nowMs: number): Promise<boolean>;
  deleteToken(digest: string): Promise<void>;
  /** Deletes a user's tokens for some purposes. */
  deleteTokens(userId: string, purposes: readonly TokenPurpose[]): Promise<void>;
  /** Notes that a mail server has taken the mail with this token. */
  noteTokenMailed(digest: string, nowMs: number): Promise<void>;
  /** Counts the tokens that were mailed to a user and are good at `nowMs`. */
  countMailedTokens(userId: string, purpose: TokenPurpose, nowMs: number): Promise<number>;
}

/** What one short transaction can do. Every change belongs to the transaction of its `write`, and none is kept when that throws. */
export interface WriteTransaction extends TokenTransaction {
  /** Reads a user and keeps others from changing it until the transaction ends. */
  lockUser(userId: string): Promise<User | undefined>;
  /** @returns false, with nothing written, when the email's key is taken. */
  insertUser(user: User): Promise<boolean>;
  /** Inserts those whose keys are free. @returns the keys that were. */
  insertUsers(users: readonly User[]): Promise<ReadonlySet<string>>;
  /**
   * The new address is not verified.
   *
   * @returns false, with nothing written, when another account has the key.
   */
  updateEmail(userId: string, email: string, emailKey: string, nowMs: number): Promise<boolean>;
  setRole(userId: string, role: string, nowMs: number): Promise<void>;
  setEmailVerified(userId: string, nowMs: number): Promise<void>;
  setDisabledAt(userId: string, disabledAt: number | undefined): Promise<void>;
  /** Deletes a user and all that belongs to it, but what was recorded. */
  deleteUser(userId: string): Promise<void>;
  updatePasswordHash(userId: string, passwordHash: string, nowMs: number): Promise<void>;
  insertSession(session: Session): Promise<void>;
  /** @returns what was deleted, if anything. */
  deleteSession(tokenDigest: string): Promise<Pick<Session, 'id' | 'userId'> | undefined>;
  /** @returns the digest of what was deleted, if anything. */
  deleteSessionById(sessionId: string, userId: string): Promise<string | undefined>;
  /** Deletes all but one. @returns how many. */
  deleteSessionsOfUser(userId: string, exceptTokenDigest?: string): Promise<number>;
  /** @returns how many. */
  deleteAllSessions(): Promise<number>;
  hasSession(tokenDigest: string): Promise<boolean>;
  /** Reads a counter and keeps others from changing it until the transaction ends. */
  lockThrottle(key: string): Promise<ThrottleState | undefined>;
  saveThrottle(key: string, state: ThrottleState): Promise<void>;
  clearThrottles(keys: readonly string[]): Promise<void>;
  /** Notes that a user logged in from a network; see `networkOf`. */
  rememberAddress(userId: string, network: string, nowMs: number): Promise<void>;
  addMail(mail: OutboxMail): Promise<void>;
  /**
   * Takes the mail that has been due for longest, counts the try, and puts the next one off to what
   * `nextAttemptAt` says of this one. A try that was put off further than that can be was put off
   * before the clock was set back, and is due.
   */
  claimMail(nowMs: number, nextAttemptAt: (attempt: number, nowMs: number) => number): Promise<OutboxMail | undefined>;
  /**
   * Whether another mail to the same user was tried fewer than `maxAttempts` times, and is tried
   * again.
   */
  isOtherMailRetried(mail: OutboxMail, maxAttempts: number): Promise<boolean>;
  deleteMail(id: string): Promise<void>;
  addEvent(event: AuthEvent): Promise<void>;
}

/** A page of accounts, by rising email key. */
export interface UserPage {
  /** Part of an email key; everybody without it. */
  readonly search?: string | undefined;
  /** The key that the page before ended with. */
  readonly afterEmailKey?: string | undefined;
  readonly limit: number;
}

/** A page of what happened, by rising id. */
export interface EventPage {
  readonly userId?: string | undefined;
  readonly sinceMs?: number | undefined;
  readonly afterId?: number | undefined;
  /** The last ones instead of the first. */
  readonly newest?: boolean | undefined;
  readonly limit: number;
}

/** Until when each kind of row is kept, in milliseconds since the Unix epoch. */
export interface Expiry {
  /** Also one-time tokens and counters. */
  readonly sessionsEndedBy: number;
  readonly sessionsUnusedSince: number;
  readonly addressesUnusedSince: number;
  readonly eventsBefore: number;
}

export interface Store {
  findUserById(userId: string): Promise<User | undefined>;
  /** @returns those of the keys that accounts have. */
  findEmailKeys(emailKeys: readonly string[]): Promise<ReadonlySet<string>>;
  listUsers(page: UserPage): Promise<User[]>;
  listSessions(userId: string): Promise<Session[]>;
  listEvents(page: EventPage): Promise<StoredEvent[]>;
  /** Deletes at most `limit` rows of each kind. @returns how many went. */
  deleteExpired(expiry: Expiry, limit: number): Promise<number>;
  findUserByEmailKey(emailKey: string): Promise<User | undefined>;
  findActiveSession(tokenDigest: string): Promise<ActiveSession | undefined>;
  /** Good or expired. */
  findToken(digest: string, purpose: TokenPurpose): Promise<OneTimeToken | undefined>;
  findThrottles(keys: readonly string[]): Promise<ReadonlyMap<string, ThrottleState>>;
  /** Whether a user last logged in from a network since `sinceMs`, and not after `untilMs`. */
  isKnownAddress(userId: string, network: string, within: { sinceMs: number; untilMs: number }): Promise<boolean>;
  /**
   * Runs a short transaction that holds the right to write from its first statement on. Hash and mail before or after it, never inside.
   * @throws AuthError `database_unavailable` when the database cannot be written to in time.
   */
  write<T>(work: (transaction: WriteTransaction) => Promise<T>): Promise<T>;
  /** Stores when sessions, named by their digests, were last used; those that have ended meanwhile stay ended. */
  saveSessionUses(uses: ReadonlyMap<string, number>): Promise<void>;
  /** How many mails are owed, those included that wait for their next try. */
  countOwedMails(): Promise<number>;
  /** Whether the database answers and every migration has been applied. */
  isReady(): Promise<boolean>;
}

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
  readonly sessions: ActiveSessions;
  readonly store: Store;
  readonly policy: AuthPolicy;
}
