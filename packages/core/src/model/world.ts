import type { OwedKind } from '../mail/outbox-mail.ts';
import type { AuthPolicy } from '../ports.ts';
import type { Requester } from '../requester.ts';
import type { TokenDelivery, TokenPurpose } from '../tokens/one-time-token.ts';
import type { Mailbox, Password } from './cast.ts';

/** Failed tries, which are counted until one succeeds. */
export interface Tries {
  readonly count: number;
  readonly blockedUntil: number;
  readonly forgottenAt: number;
}

/** An authenticator app: the secret that it holds. */
export interface App {
  readonly number: number;
}

export interface RecoveryCode {
  readonly number: number;
}

/** What an app shows at a step of 30 s, a recovery code, or a text that is neither. */
export type Code = { readonly app: App; readonly step: number } | { readonly recovery: RecoveryCode } | 'no code';

export interface Factor {
  readonly app: App;
  readonly since: number;
  /** The newest step of which a code was used. */
  lastStep: number;
  recoveryCodes: RecoveryCode[];
  codesSince: number;
}

export interface Account {
  mailbox: Mailbox;
  /** As it was registered. */
  email: string;
  password: Password;
  /** Whether the hash came from elsewhere, and no login has replaced it yet. */
  hasOldHash: boolean;
  disabledAt: number | undefined;
  lockedAt: number | undefined;
  role: string;
  emailVerified: boolean;
  readonly createdAt: number;
  lastLoginAt: number | undefined;
  /** When the first login was complete: of those after it, the owner may hear. */
  noticedSince: number | undefined;
  /** When its owner last logged in, or reset the password, from an address. */
  readonly knownSince: Map<string, number>;
  /** When its owner last logged in from an address, or enabled a factor there. */
  readonly loggedInFrom: Map<string, number>;
  confirmations: Tries | undefined;
  /** The change of email that was asked for last. */
  moving: { readonly email: string; readonly until: number } | undefined;
  factor: Factor | undefined;
  /**
   * Wrong codes: from browsers that are known to the account by browser, from addresses that are by
   * address, from all others as one.
   */
  readonly codes: Map<string, Tries>;
  /** Until when its owner does not hear of wrong codes again. */
  toldUntil: number;
}

/** A login whose password was right, and which waits for a code. */
export interface PendingLogin {
  readonly account: Account;
  readonly expiresAt: number;
  tries: number;
  isOver: boolean;
}

export interface Opened {
  readonly account: Account;
  readonly createdAt: number;
  lastUsedAt: number;
  readonly expiresAt: number;
  readonly client: Requester;
  methods: readonly string[];
  /** A second factor that it began to enable. */
  enrolment: { readonly app: App; readonly expiresAt: number } | undefined;
  ended: boolean;
}

/** A browser that has completed a login to an account. */
export interface Browser {
  readonly number: number;
  readonly account: Account;
  readonly createdAt: number;
  lastLoginAt: number;
  client: Requester;
  isForgotten: boolean;
}

/** From where a login comes, as far as the account knows it. */
export interface Origin {
  readonly client: Requester;
  readonly browser: Browser | undefined;
  readonly isKnownAddress: boolean;
}

/** A one-time token: of an account, or of a mailbox without one. */
export interface Issued {
  readonly purpose: TokenPurpose;
  readonly delivery: TokenDelivery;
  readonly account: Account | undefined;
  /** That it is for; of a change of email, the new one. */
  readonly to: Typed;
  readonly role: string | undefined;
  /** Of a notice: when that happened which it is about. */
  readonly since?: number | undefined;
  readonly expiresAt: number;
  isVoid: boolean;
}

/** An address as typed. */
export interface Typed {
  readonly mailbox: Mailbox;
  readonly email: string;
}

/** A mail that is owed; what it says is decided when it is sent. */
export interface Owed {
  readonly kind: OwedKind;
  readonly to: Typed;
  readonly account: Account | undefined;
  readonly role: string | undefined;
  readonly since: number;
}

/** Mails in an hour that begins with the first. */
export interface Hour {
  readonly count: number;
  readonly endsAt: number;
}

/** What an operator may set otherwise at any time. */
export type Settings = Pick<AuthPolicy, 'registration' | 'emailVerification' | 'resetDelivery' | 'sendsMail'>;

/**
 * Everything that the service promises to know, in plain memory: all sessions, tokens and
 * codes ever issued, in order.
 */
export interface World {
  now: number;
  readonly accounts: Map<Mailbox, Account>;
  readonly sessions: Opened[];
  readonly apps: App[];
  readonly recoveryCodes: RecoveryCode[];
  readonly pendingLogins: PendingLogin[];
  readonly tokens: Issued[];
  readonly browsers: Browser[];
  /** Proven addresses that accounts have left. */
  readonly reserved: Map<Mailbox, { readonly account: Account; readonly until: number }>;
  /**
   * Failed logins, by mailbox and, where the account is known there, by address; of known browsers,
   * by browser.
   */
  readonly logins: Map<string, Tries>;
  settings: Settings;
  /** In the order in which they are sent. */
  readonly owed: Owed[];
  /** Mails that were sent, by mailbox and, beyond its shared part, by what they have a part for. */
  readonly hours: Map<string, Hour>;
}

export const IDLE_MS = 7 * 86_400_000;
export const LIFETIME_MS = 30 * 86_400_000;
export const TOKEN_MS = 10 * 60_000;
export const NOT_ME_MS = 72 * 3_600_000;
export const BROWSER_MS = 180 * 86_400_000;
const MOST_BROWSERS = 20;
const KNOWN_MS = 30 * 86_400_000;

export function createWorld(now: number): World {
  return {
    now,
    accounts: new Map(),
    sessions: [],
    apps: [],
    recoveryCodes: [],
    pendingLogins: [],
    tokens: [],
    browsers: [],
    reserved: new Map(),
    logins: new Map(),
    settings: { registration: 'open', emailVerification: 'off', resetDelivery: 'response', sendsMail: false },
    owed: [],
    hours: new Map(),
  };
}

/** A refusal that the model predicts: a code and, for a throttle, how long to wait. */
export class Refusal extends Error {
  readonly code: string;
  readonly seconds: number | undefined;

  constructor(code: string, seconds?: number) {
    super(code);
    this.code = code;
    this.seconds = seconds;
  }
}

export function refuse(code: string, seconds?: number): never {
  throw new Refusal(code, seconds);
}

export function isOpen(world: World, session: Opened): boolean {
  return !session.ended && world.now < session.expiresAt && world.now < session.lastUsedAt + IDLE_MS;
}

export function isGood(world: World, token: Issued): boolean {
  return !token.isVoid && world.now < token.expiresAt;
}

/** End an account's sessions but for one. @returns how many were open, and how many had expired. */
export function endSessions(world: World, whose: Account | undefined, except?: Opened): { open: number; all: number } {
  const ended = world.sessions.filter(
    (session) => !session.ended && session !== except && (whose === undefined || session.account === whose),
  );
  const open = ended.filter((session) => isOpen(world, session)).length;
  for (const session of ended) session.ended = true;
  return { open, all: ended.length };
}

/** @param browser that a login says it comes from; of another account's, it says nothing. */
export function originOf(
  world: World,
  account: Account | undefined,
  client: Requester,
  browser: Browser | undefined,
): Origin {
  const isIts = browser !== undefined && browser.account === account && isRemembered(world, browser);
  return { client, browser: isIts ? browser : undefined, isKnownAddress: isKnown(world, account, client) };
}

export function isRemembered(world: World, { isForgotten, lastLoginAt }: Browser): boolean {
  return !isForgotten && world.now < lastLoginAt + BROWSER_MS;
}

/** The browser of a complete login. Beyond 20, one that never came back is forgotten first. */
export function rememberBrowser(world: World, account: Account, { client, browser }: Origin): void {
  if (browser) {
    Object.assign(browser, { lastLoginAt: world.now, client });
    return;
  }
  const number = world.browsers.length;
  world.browsers.push({ number, account, createdAt: world.now, lastLoginAt: world.now, client, isForgotten: false });
  const its = world.browsers.filter((one) => one.account === account && !one.isForgotten);
  const cameBack = ({ createdAt, lastLoginAt }: Browser) => Number(lastLoginAt !== createdAt);
  const newFirst = (one: Browser, other: Browser) => Number(other.number === number) - Number(one.number === number);
  its.sort(
    (one, other) =>
      newFirst(one, other) ||
      cameBack(other) - cameBack(one) ||
      other.lastLoginAt - one.lastLoginAt ||
      other.number - one.number,
  );
  for (const oldest of its.slice(MOST_BROWSERS)) oldest.isForgotten = true;
}

export function forgetBrowsers(world: World, whose: Account | undefined, except?: Browser): void {
  for (const browser of world.browsers) {
    if ((whose === undefined || browser.account === whose) && browser !== except) browser.isForgotten = true;
  }
}

/** Whether an address is kept for an account that has left it. */
export function isReserved({ reserved, now }: World, mailbox: Mailbox, except?: Account): boolean {
  const kept = reserved.get(mailbox);
  return kept !== undefined && kept.account !== except && now < kept.until;
}

/** A proven address that an account leaves is kept for it while a link of a notice is good. */
export function reserveLeft(world: World, account: Account): void {
  if (account.emailVerified) world.reserved.set(account.mailbox, { account, until: world.now + NOT_ME_MS });
}

/** The name under which failed logins are counted. */
export function loginCounter({ key }: Mailbox, { client, browser, isKnownAddress }: Origin): string {
  if (browser) return `browser ${browser.number}`;
  return isKnownAddress ? `${key} ${client.address}` : key;
}

/** Where a code was right since the factor is on, and lately. */
export function isKnownForCodes({ now }: World, { loggedInFrom, factor }: Account, { address }: Requester): boolean {
  const last = loggedInFrom.get(address);
  return last !== undefined && now < last + KNOWN_MS && last >= (factor?.since ?? 0);
}

function isKnown(world: World, account: Account | undefined, client: Requester): boolean {
  const last = account?.knownSince.get(client.address);
  return last !== undefined && world.now < last + KNOWN_MS;
}

/**
 * Four tries in a row are free; each further one delays the next, by a second that doubles up to 15
 * minutes. A day after the last one, the count is dropped.
 */
export function countTry(world: World, before: Tries | undefined): Tries {
  if (before && world.now < before.blockedUntil) {
    refuse('rate_limited', Math.ceil((before.blockedUntil - world.now) / 1000));
  }
  const count = before && world.now < before.forgottenAt ? before.count + 1 : 1;
  const delayMs = count > 4 ? Math.min(1000 * 2 ** (count - 5), 15 * 60_000) : 0;
  return { count, blockedUntil: world.now + delayMs, forgottenAt: world.now + 86_400_000 };
}
