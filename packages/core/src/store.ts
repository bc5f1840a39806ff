import type { User } from './accounts/user.ts';
import type { AuthEvent, StoredEvent } from './audit/event.ts';
import type { ActiveSession, Session } from './sessions/session.ts';

/** What one-time tokens are for; see `one-time-tokens.ts`. */
export type TokenPurpose = 'reset' | 'registration' | 'email_change' | 'invitation' | 'not_me';

/**
 * How a token reaches its owner: by mail alone, printed for an operator to pass on, or in the
 * answer to a request. Only a mailed one proves a mailbox. A withheld one reaches no one: it stands
 * for what is pending, whether or not a mail leaves.
 */
export type TokenDelivery = 'mailed' | 'printed' | 'answered' | 'withheld';

/** Whose a token is: an account's, or that of an address without one. */
export interface TokenOwner {
  readonly userId?: string | undefined;
  readonly emailKey?: string | undefined;
}

/**
 * A one-time token as it is kept: its digest alone. Times are milliseconds since the Unix epoch.
 */
export interface OneTimeToken extends TokenOwner {
  readonly digest: string;
  readonly purpose: TokenPurpose;
  readonly delivery: TokenDelivery;
  /** Of a change of email: the new address, as typed. Of a notice: where it went. */
  readonly email?: string | undefined;
  /** Of an invitation: the role that the account gets. */
  readonly role?: string | undefined;
  readonly createdAt: number;
  readonly expiresAt: number;
}

/** The tokens of one owner that have one purpose and one delivery. */
export type TokenKind = Pick<OneTimeToken, 'purpose' | 'userId' | 'emailKey' | 'delivery'>;

/** What waits for its proof: all of an account, or all of some addresses. */
export type PendingOf = { readonly userId: string } | { readonly emailKeys: readonly string[] };

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

/** Why a mail is owed. What is sent is decided when it is due; see `decide-mail.ts`. */
export type OwedKind = Exclude<TokenPurpose, 'not_me'> | NoticeKind;

/** What owners of accounts hear of. */
export type NoticeKind =
  | 'login_notice'
  | 'wrong_codes'
  | 'password_changed'
  | 'email_change_notice'
  | 'email_changed'
  | 'factor_enabled'
  | 'factor_disabled'
  | 'recovery_codes_renewed'
  | 'recovery_code_used';

/** A browser, or a command line, that has completed a login to one account. */
export interface Device {
  /** SHA-256 of its token. */
  readonly digest: string;
  /** Public: names it in lists, and opens nothing. */
  readonly id: string;
  readonly userId: string;
  /** Milliseconds since the Unix epoch. */
  readonly createdAt: number;
  readonly lastLoginAt: number;
  readonly expiresAt: number;
  /** Of the last login. */
  readonly address: string;
  readonly userAgent: string | undefined;
}

/**
 * The TOTP factor of an account. The secret is the one that must be readable; see ADR 10.
 */
export interface TotpFactor {
  readonly userId: string;
  /** In base32. */
  readonly secret: string;
  /** The newest step of which a code was used; see `totp.ts`. */
  readonly lastStep: number;
}

/** A factor that was begun and not yet enabled. It belongs to the session that began it. */
export interface PendingTotp {
  readonly sessionDigest: string;
  readonly userId: string;
  /** In base32. */
  readonly secret: string;
  /** Milliseconds since the Unix epoch. */
  readonly createdAt: number;
  readonly expiresAt: number;
}

/**
 * A login whose password was right and whose code is missing. It is no session and opens nothing.
 */
export interface PendingLogin {
  /** SHA-256 of its token. */
  readonly digest: string;
  readonly userId: string;
  /** Codes that were compared. */
  readonly tries: number;
  /** Milliseconds since the Unix epoch. */
  readonly createdAt: number;
  readonly expiresAt: number;
}

/** The factors of an account as they are kept, for an export that holds them. */
export interface StoredFactors {
  readonly totp: TotpFactor | undefined;
  /** SHA-256 of the codes that are left. */
  readonly recoveryDigests: readonly string[];
}

/**
 * A mail in the outbox. It holds no token: one is issued when the mail is sent, so that none is
 * ever stored.
 */
export interface OutboxMail {
  readonly id: string;
  readonly kind: OwedKind;
  /** Where it goes, as typed, whether or not an account has the address. */
  readonly email: string;
  readonly emailKey: string;
  /** Of a change of email: the account that asked. */
  readonly userId?: string | undefined;
  /** Of an invitation. */
  readonly role?: string | undefined;
  /** Of a notice: the network and the user agent that it is about, if there are any. */
  readonly address?: string | undefined;
  readonly userAgent?: string | undefined;
  /** Tries so far. */
  readonly attempts: number;
  /** Milliseconds since the Unix epoch. */
  readonly createdAt: number;
  readonly nextAttemptAt: number;
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
  /** @returns those of the keys that accounts have. */
  findEmailKeys(emailKeys: readonly string[]): Promise<ReadonlySet<string>>;
  listUsers(page: UserPage): Promise<User[]>;
  /** When each of these users last logged in, in milliseconds since the Unix epoch. */
  findLastLogins(userIds: readonly string[]): Promise<ReadonlyMap<string, number>>;
}

export interface UserWrites {
  /** Reads a user and keeps others from changing it until the transaction ends. */
  lockUser(userId: string): Promise<User | undefined>;
  /** As {@link lockUser}, by the key of the address. */
  lockUserByEmailKey(emailKey: string): Promise<User | undefined>;
  /** @returns false, with nothing written, when the email's key is taken. */
  insertUser(user: User): Promise<boolean>;
  /** Inserts those whose keys are free. @returns the keys that were. */
  insertUsers(users: readonly User[]): Promise<ReadonlySet<string>>;
  /** @returns false, with nothing written, when another account has the key. */
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
  replaceRecoveryCodes(userId: string, digests: readonly string[]): Promise<void>;
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
  /** Inserts a device, or keeps it for longer; deletes the oldest beyond `kept`. */
  saveDevice(device: Device, kept: number): Promise<void>;
  /** @returns whether there was one. */
  deleteDevice(id: string, userId: string): Promise<boolean>;
  /** Deletes all but one. */
  deleteDevicesOfUser(userId: string, exceptDigest?: string): Promise<void>;
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
