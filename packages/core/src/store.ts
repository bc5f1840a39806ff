import type { User } from './accounts/user.ts';
import type { AuthEvent, StoredEvent } from './audit/event.ts';
import type { PendingLogin, PendingTotp, StoredFactors, TotpFactor } from './factors/factor.ts';
import type { OutboxMail, OwedKind } from './mail/outbox-mail.ts';
import type { Device } from './sessions/device.ts';
import type { ActiveSession, Session } from './sessions/session.ts';
import type { OneTimeToken, PendingOf, TokenKind, TokenOwner, TokenPurpose } from './tokens/one-time-token.ts';

/** The stored state of one counter. Times are milliseconds since the Unix epoch. */
export interface ThrottleState {
  readonly count: number;
  /** For a window, its end; for a backoff, when the next attempt is let through. */
  readonly until: number;
  /** Whether a refusal was recorded, so that it is recorded once. */
  readonly noted: boolean;
  /** When the counter may be forgotten. */
  readonly expiresAt: number;
}

/**
 * Cached sessions that a transaction makes stale: one, a user's or all. They ended, or a column
 * changed that a session check returns.
 */
export type StaleSessions = { readonly tokenDigest: string } | { readonly userId: string } | 'all';

/** The settings whose default depends on when a database was made. */
export type DefaultedSetting = 'email_verification';

/** A page of accounts, by rising email key. */
export interface UserPage {
  /** Part of an email key; all users without it. */
  readonly search?: string | undefined;
  /** The key that the page before ended with. */
  readonly afterEmailKey?: string | undefined;
  readonly role?: string | undefined;
  readonly emailVerified?: boolean | undefined;
  readonly disabled?: boolean | undefined;
  /** Only accounts without a login since then, in milliseconds since the Unix epoch. */
  readonly noLoginSinceMs?: number | undefined;
  readonly limit: number;
}

/** A page of events, by rising id. */
export interface EventPage {
  readonly userId?: string | undefined;
  readonly sinceMs?: number | undefined;
  readonly afterId?: number | undefined;
  /** The last ones instead of the first. */
  readonly newest?: boolean | undefined;
  readonly limit: number;
}

/**
 * How long each kind of row is kept: rows up to these times are deleted, in milliseconds since the
 * Unix epoch.
 */
export interface Expiry {
  /** Also one-time tokens and counters. */
  readonly sessionsEndedBy: number;
  readonly sessionsUnusedSince: number;
  readonly addressesUnusedSince: number;
  readonly eventsBefore: number;
}

export interface UserReads {
  findUserById(userId: string): Promise<User | undefined>;
  findUserByEmailKey(emailKey: string): Promise<User | undefined>;
  /** @returns those of the keys that accounts have, or have left and may go back to. */
  findTakenKeys(emailKeys: readonly string[], nowMs: number): Promise<ReadonlySet<string>>;
  listUsers(page: UserPage): Promise<User[]>;
  /** When each of these users last logged in, in milliseconds since the Unix epoch. */
  findLastLogins(userIds: readonly string[]): Promise<ReadonlyMap<string, number>>;
}

export interface UserWrites {
  /** Reads a user and keeps others from changing it until the transaction ends. */
  lockUser(userId: string): Promise<User | undefined>;
  /** As {@link lockUser}, by the key of the address. */
  lockUserByEmailKey(emailKey: string): Promise<User | undefined>;
  /** @returns false, with nothing written, when the email's key is taken or reserved. */
  insertUser(user: User): Promise<boolean>;
  /** Inserts those whose keys are neither taken nor reserved. @returns the keys that were free. */
  insertUsers(users: readonly User[]): Promise<ReadonlySet<string>>;
  /** @returns false, with nothing written, when another account has the key, or has reserved it. */
  updateEmail(
    userId: string,
    changed: Pick<User, 'email' | 'emailKey' | 'emailVerified'>,
    nowMs: number,
  ): Promise<boolean>;
  setRole(userId: string, role: string, nowMs: number): Promise<void>;
  setEmailVerified(userId: string, nowMs: number): Promise<void>;
  setLockedAt(userId: string, lockedAt: number | undefined): Promise<void>;
  /** Complete logins of this user are noted from now on. */
  noteLogins(userId: string, nowMs: number): Promise<void>;
  /** Keeps an address that a user leaves from all others, until `expiresAt`. */
  reserveAddress(userId: string, emailKey: string, expiresAt: number): Promise<void>;
  isReserved(emailKey: string, nowMs: number): Promise<boolean>;
  setDisabledAt(userId: string, disabledAt: number | undefined): Promise<void>;
  /** Deletes a user and all rows of theirs, except the audit trail. */
  deleteUser(userId: string): Promise<void>;
  updatePasswordHash(userId: string, passwordHash: string, nowMs: number): Promise<void>;
}

export interface FactorReads {
  countRecoveryCodes(userId: string): Promise<number>;
  findPendingTotp(sessionDigest: string): Promise<PendingTotp | undefined>;
  /** The login, whether it is valid or over. */
  findPendingLogin(digest: string): Promise<PendingLogin | undefined>;
  listFactors(userIds: readonly string[]): Promise<ReadonlyMap<string, StoredFactors>>;
}

export interface FactorWrites {
  /** The factor of a user who is locked. */
  findTotp(userId: string): Promise<TotpFactor | undefined>;
  insertTotp(factor: TotpFactor, enabledAt: number): Promise<void>;
  /**
   * Uses a step up: later ones alone count from then on. A stored step after `lastPossible` is from
   * before the clock was set back, and counts as none.
   *
   * @returns false if it was used; of concurrent attempts, one returns true.
   */
  takeTotpStep(userId: string, step: number, lastPossible: number): Promise<boolean>;
  /** Deletes the factor and the recovery codes of a user. */
  deleteFactors(userId: string): Promise<void>;
  /** Voids the codes that a user had. */
  replaceRecoveryCodes(userId: string, digests: readonly string[], nowMs: number): Promise<void>;
  /** Voids the codes that were made at `sinceMs` or later. */
  deleteRecoveryCodesSince(userId: string, sinceMs: number): Promise<void>;
  /** Uses up a recovery code; of concurrent attempts, one returns true. */
  takeRecoveryCode(userId: string, digest: string): Promise<boolean>;
  /** Replaces what the same session began before. */
  savePendingTotp(pending: PendingTotp): Promise<void>;
  insertPendingLogin(pending: PendingLogin): Promise<void>;
  /** Counts a try at a login that is valid at `nowMs`. @returns false if it has none left. */
  tryPendingLogin(digest: string, maxTries: number, nowMs: number): Promise<boolean>;
  deletePendingLogin(digest: string): Promise<void>;
  /** Deletes the half-finished logins of a user, and the factors that were begun. */
  deletePendingFactors(userId: string): Promise<void>;
}

export interface DeviceReads {
  /** The device of this user, whether it is valid or over. */
  findDevice(digest: string, userId: string): Promise<Device | undefined>;
  listDevices(userId: string): Promise<Device[]>;
}

export interface DeviceWrites {
  /**
   * Inserts a device, or keeps it for longer. Of others beyond `kept`, deletes those that never
   * came back, the oldest first, then those used longest ago.
   */
  saveDevice(device: Device, kept: number): Promise<void>;
  /** @returns whether there was one. */
  deleteDevice(id: string, userId: string): Promise<boolean>;
  /** Deletes all but one. @returns how many. */
  deleteDevicesOfUser(userId: string, exceptDigest?: string): Promise<number>;
}

export interface SessionReads {
  findActiveSession(tokenDigest: string): Promise<ActiveSession | undefined>;
  listSessions(userId: string): Promise<Session[]>;
  /** Store when sessions, by digest, were last used; sessions that ended meanwhile stay ended. */
  saveSessionUses(uses: ReadonlyMap<string, number>): Promise<void>;
}

export interface SessionWrites {
  insertSession(session: Session): Promise<void>;
  /** @returns what was deleted, if anything. */
  deleteSession(tokenDigest: string): Promise<Pick<Session, 'id' | 'userId'> | undefined>;
  /** @returns the digest of what was deleted, if anything. */
  deleteSessionById(sessionId: string, userId: string): Promise<string | undefined>;
  /** Deletes all but one. @returns how many. */
  deleteSessionsOfUser(userId: string, exceptTokenDigest?: string): Promise<number>;
  /** Deletes the known browsers too. @returns how many sessions there were. */
  deleteAllSessions(): Promise<number>;
  hasSession(tokenDigest: string): Promise<boolean>;
  /** Gives a session another token, and the methods that were added. */
  renewSession(tokenDigest: string, renewed: Pick<Session, 'tokenDigest' | 'methods'>): Promise<void>;
}

export interface TokenReads {
  /** The token, whether it is valid or expired, if it is for one of these purposes. */
  findToken(digest: string, purposes: readonly TokenPurpose[]): Promise<OneTimeToken | undefined>;
  /** The withheld token of an account, whether it is valid or expired. */
  findWithheldToken(userId: string, purpose: TokenPurpose): Promise<OneTimeToken | undefined>;
}

export interface TokenWrites {
  insertToken(token: OneTimeToken): Promise<void>;
  /**
   * Deletes the expired tokens of a kind, and keeps at most `kept` of the others: mailed ones
   * first, then newer ones.
   */
  trimTokens(kind: TokenKind, kept: number, nowMs: number): Promise<void>;
  /** Uses up a token that is valid at `nowMs`; of concurrent attempts, one returns true. */
  takeToken(token: Pick<OneTimeToken, 'digest' | 'purpose' | keyof TokenOwner>, nowMs: number): Promise<boolean>;
  deleteToken(digest: string): Promise<void>;
  /** Deletes the tokens of a user that were issued for a purpose after another. */
  deleteTokensAfter(userId: string, purpose: TokenPurpose, createdAt: number): Promise<void>;
  /** Deletes what is pending for some purposes. */
  deleteTokens(pendingOf: PendingOf, purposes: readonly TokenPurpose[]): Promise<void>;
  /** Notes that a mail server has taken the mail with this token. */
  noteTokenMailed(digest: string, nowMs: number): Promise<void>;
  /** Counts the owner's tokens that a mail server has taken and that are good at `nowMs`. */
  countMailedTokens(owner: TokenOwner, purpose: TokenPurpose, nowMs: number): Promise<number>;
}

export interface ThrottleReads {
  findThrottles(keys: readonly string[]): Promise<ReadonlyMap<string, ThrottleState>>;
  /** Whether a user last logged in from a network since `sinceMs`, and not after `untilMs`. */
  isKnownAddress(userId: string, network: string, within: { sinceMs: number; untilMs: number }): Promise<boolean>;
  /** As {@link isKnownAddress}, where a reset or a registration is no login. */
  hasLoggedInFrom(userId: string, network: string, within: { sinceMs: number; untilMs: number }): Promise<boolean>;
}

export interface ThrottleWrites {
  /** Reads a counter and keeps others from changing it until the transaction ends. */
  lockThrottle(key: string): Promise<ThrottleState | undefined>;
  saveThrottle(key: string, state: ThrottleState): Promise<void>;
  clearThrottles(keys: readonly string[]): Promise<void>;
  /** Notes that a user logged in, or reset the password, from a network; see `networkOf`. */
  rememberAddress(userId: string, network: string, nowMs: number, by: { readonly isLogin: boolean }): Promise<void>;
  /** Forgets the networks of a user, but not when the last login was. */
  forgetAddresses(userId: string): Promise<void>;
}

export interface OutboxReads {
  /** How many mails are owed, those included that wait for their next try. */
  countOwedMails(): Promise<number>;
}

export interface OutboxWrites {
  addMail(mail: OutboxMail): Promise<void>;
  /**
   * Takes the mail that has been due for longest, counts the try, and schedules the next one as
   * `nextAttemptAt` says. A mail whose next try lies further ahead than its longest delay was
   * scheduled before the clock was set back: it counts as due.
   */
  claimMail(nowMs: number, nextAttemptAt: (attempt: number, nowMs: number) => number): Promise<OutboxMail | undefined>;
  /**
   * Whether another mail of the same kind to the same address was tried fewer than `maxAttempts`
   * times, and is tried again.
   */
  isOtherMailRetried(mail: OutboxMail, maxAttempts: number): Promise<boolean>;
  deleteMail(id: string): Promise<void>;
  /** Deletes the mails of some kinds that are still owed. */
  deleteMails(pendingOf: PendingOf, kinds: readonly (OwedKind | TokenPurpose)[]): Promise<void>;
  /** Deletes what is owed to a user about what happened after a time. */
  deleteMailsAfter(userId: string, createdAt: number): Promise<void>;
}

export interface EventReads {
  listEvents(page: EventPage): Promise<StoredEvent[]>;
}

export interface EventWrites {
  /**
   * @param emailKey stores the event as that of the account with this key, if there is one. The
   * statement is the same either way.
   */
  addEvent(event: AuthEvent, emailKey?: string): Promise<void>;
}

/** The writes of one short transaction; all of them are rolled back when it throws. */
export interface WriteTransaction
  extends UserWrites,
    FactorWrites,
    DeviceWrites,
    SessionWrites,
    TokenWrites,
    ThrottleWrites,
    OutboxWrites,
    EventWrites {}

export interface Store
  extends UserReads,
    FactorReads,
    DeviceReads,
    SessionReads,
    TokenReads,
    ThrottleReads,
    OutboxReads,
    EventReads {
  /**
   * Run a short transaction. Hash and mail before or after it, never inside.
   *
   * On SQLite it holds the one write lock from its first statement on. On PostgreSQL transactions
   * run side by side: lock each row that you rely on, such as by `lockUser` or `lockThrottle`.
   *
   * @throws AuthError `database_unavailable` when the database cannot be written to in time.
   */
  write<T>(work: (transaction: WriteTransaction) => Promise<T>): Promise<T>;
  /** Deletes at most `limit` rows of each kind. @returns how many went. */
  deleteExpired(expiry: Expiry, limit: number): Promise<number>;
  /**
   * The value that a setting has in this database unless one is chosen; see migration 5. Missing
   * where the service's own default holds.
   */
  findDefault(setting: DefaultedSetting): Promise<string | undefined>;
  /** Whether the database answers and every migration has been applied. */
  isReady(): Promise<boolean>;
}
