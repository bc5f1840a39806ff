import type { Requester } from '../requester.ts';
import { type Mailbox, noMailbox, type Password } from './cast.ts';
import { countCode, fits, useCode } from './code-rules.ts';
import { askToMove, dropOwed, endPending, issueToken, notify, owe, voidTokens } from './pending.ts';
import {
  type Account,
  type Browser,
  type Code,
  countTry,
  endSessions,
  forgetBrowsers,
  type Issued,
  isGood,
  isOpen,
  isReserved,
  LIFETIME_MS,
  loginCounter,
  type Opened,
  type Origin,
  originOf,
  refuse,
  rememberBrowser,
  reserveLeft,
  type Typed,
  type World,
} from './world.ts';

/** How long a login waits for its code. */
const CODE_MS = 5 * 60_000;

/**
 * What owners of accounts may expect, as the contract says it. Each refuses, or changes the world
 * and returns the answer.
 */

export function register(
  world: World,
  typed: Typed,
  {
    password,
    client,
    invitation,
  }: { password: Password; client: Requester; invitation?: Issued | 'unknown' | undefined },
) {
  const { mailbox, email } = typed;
  const { registration, emailVerification } = world.settings;
  if (registration !== 'open' && (invitation === undefined || registration === 'closed')) refuse('registration_closed');
  admitAddress(mailbox);
  admitPassword(password, mailbox);
  if (invitation !== undefined) {
    const isForIt =
      invitation !== 'unknown' && invitation.purpose === 'invitation' && invitation.to.mailbox === mailbox;
    if (!isForIt || !isGood(world, invitation)) return refuse('invalid_invitation_token');
    if (isReserved(world, mailbox)) return refuse('invalid_invitation_token');
    makeProven(world, typed, { password, client, role: invitation.role });
    return { email };
  }
  if (emailVerification === 'required') {
    owe(world, { kind: 'registration', to: typed });
    return { email };
  }
  if (world.accounts.has(mailbox) || isReserved(world, mailbox)) refuse('email_taken');
  world.accounts.set(mailbox, createAccount(world, typed, password));
  endPending(world, mailbox, 'registration', 'invitation');
  return { email };
}

/** The account of a person who has shown a token for the address. */
export function makeProven(
  world: World,
  typed: Typed,
  { password, client, role = 'user' }: { password: Password; client: Requester; role: string | undefined },
): void {
  const { mailbox } = typed;
  const account = { ...createAccount(world, typed, password), role, emailVerified: true };
  world.accounts.set(mailbox, account);
  endPending(world, mailbox, 'registration', 'invitation');
  world.logins.delete(mailbox.key);
  world.logins.delete(`${mailbox.key} ${client.address}`);
  account.knownSince.set(client.address, world.now);
}

export function createAccount(world: World, { mailbox, email }: Typed, password: Password): Account {
  return {
    mailbox,
    email,
    password,
    hasOldHash: false,
    disabledAt: undefined,
    lockedAt: undefined,
    role: 'user',
    emailVerified: false,
    createdAt: world.now,
    lastLoginAt: undefined,
    noticedSince: undefined,
    knownSince: new Map(),
    loggedInFrom: new Map(),
    confirmations: undefined,
    moving: undefined,
    factor: undefined,
    codes: new Map(),
    toldUntil: 0,
  };
}

export function logIn(
  world: World,
  { mailbox }: Typed,
  password: Password,
  client: Requester,
  claimed: Browser | undefined,
) {
  admitAddress(mailbox);
  const account = world.accounts.get(mailbox);
  const origin = originOf(world, account, client, claimed);
  const counter = loginCounter(mailbox, origin);
  world.logins.set(counter, countTry(world, world.logins.get(counter)));
  if (!account || !matches(account, password) || isShut(account)) return refuse('invalid_credentials');
  account.hasOldHash = false;
  if (!account.factor) return openSession(world, account, { methods: ['password'], counter, origin });
  // Until it is complete, a login earns nothing.
  world.pendingLogins.push({ account, expiresAt: world.now + CODE_MS, tries: 0, isOver: false });
  return { waits: true };
}

/** A login that is complete. */
export function openSession(
  world: World,
  account: Account,
  { methods, counter, origin }: { methods: readonly string[]; counter: string; origin: Origin },
) {
  world.logins.delete(counter);
  const { now } = world;
  const { client, browser, isKnownAddress } = origin;
  // Of the first login, no one needs to hear.
  if (account.noticedSince !== undefined && !browser && !isKnownAddress) notify(world, account, 'login_notice');
  account.noticedSince ??= now;
  rememberBrowser(world, account, origin);
  rememberLogin(world, account, client);
  const times = { createdAt: now, lastUsedAt: now, expiresAt: now + LIFETIME_MS };
  world.sessions.push({ account, ...times, client, methods, enrolment: undefined, ended: false });
  return { email: account.email };
}

export function rememberLogin({ now }: World, account: Account, { address }: Requester): void {
  account.lastLoginAt = now;
  account.knownSince.set(address, now);
  account.loggedInFrom.set(address, now);
}

export function authenticate(world: World, session: Opened | undefined): Opened {
  if (!session || !isOpen(world, session)) return refuse('unauthenticated');
  session.lastUsedAt = world.now;
  return session;
}

export function logOut(world: World, session: Opened | undefined) {
  authenticate(world, session).ended = true;
}

export function requestReset(world: World, { mailbox, email }: Typed) {
  admitAddress(mailbox);
  if (world.settings.resetDelivery === 'smtp') {
    owe(world, { kind: 'reset', to: { mailbox, email } });
    return { email };
  }
  const account = world.accounts.get(mailbox);
  if (!account || isShut(account)) return refuse('unknown_email');
  issueToken(world, { purpose: 'reset', delivery: 'answered', account, to: { mailbox, email }, role: undefined });
  return { email: account.email };
}

export function reset(
  world: World,
  { mailbox }: Typed,
  token: Issued | undefined,
  password: Password,
  client: Requester,
) {
  admitAddress(mailbox);
  admitPassword(password, mailbox);
  const account = world.accounts.get(mailbox);
  if (!account || token?.account !== account || token.purpose !== 'reset' || !isGood(world, token)) {
    return refuse('invalid_reset_token');
  }
  notify(world, account, 'password_changed');
  setPassword(account, password);
  account.lockedAt = undefined;
  forgetBrowsers(world, account);
  if (token.delivery === 'mailed') account.emailVerified = true;
  voidTokens(world, account);
  endSessions(world, account);
  world.logins.delete(mailbox.key);
  world.logins.delete(`${mailbox.key} ${client.address}`);
  account.confirmations = undefined;
  account.knownSince.set(client.address, world.now);
  return { email: account.email };
}

/** What is shown again before a change. */
export interface Shown {
  readonly password: Password;
  readonly code?: Code | undefined;
  readonly client: Requester;
}

export function confirm(world: World, session: Opened | undefined, shown: Shown): Opened {
  const own = authenticate(world, session);
  confirmOwner(world, own.account, shown);
  return own;
}

/** @param isPossible otherwise, a code that fits is not used up. */
export function confirmOwner(
  world: World,
  account: Account,
  { password, code, client }: Shown,
  isPossible: () => void = () => undefined,
): void {
  if (account.factor && !code) refuse('second_factor_required');
  account.confirmations = countTry(world, account.confirmations);
  if (!matches(account, password)) refuse('invalid_credentials');
  const counter = account.factor && countCode(world, account, originOf(world, account, client, undefined));
  if (!code || counter === undefined || fits(world, account, code)) isPossible();
  account.confirmations = undefined;
  if (code && counter !== undefined) useCode(world, account, code, counter);
}

export function changePassword(world: World, session: Opened | undefined, shown: Shown, password: Password) {
  const own = authenticate(world, session);
  // A new password that is refused is no guess at the current one.
  admitPassword(password, own.account.mailbox);
  confirm(world, own, shown);
  setPassword(own.account, password);
  voidTokens(world, own.account);
  endSessions(world, own.account, own);
  notify(world, own.account, 'password_changed');
  return { email: own.account.email };
}

export function changeEmail(world: World, session: Opened | undefined, shown: Shown, { mailbox, email }: Typed) {
  const own = authenticate(world, session);
  admitAddress(mailbox);
  const { account } = own;
  if (world.settings.emailVerification === 'required') {
    confirmOwner(world, account, shown);
    askToMove(world, account, { mailbox, email });
    return { email: account.email };
  }
  confirmOwner(world, account, shown, () => {
    // Counted like a failure, so that trying one taken address after another is slowed down.
    const isTaken = mailbox !== account.mailbox && world.accounts.has(mailbox);
    if (isTaken || isReserved(world, mailbox, account)) refuse('email_taken');
  });
  reserveLeft(world, account);
  notify(world, account, 'email_changed');
  world.accounts.delete(account.mailbox);
  world.accounts.set(mailbox, account);
  account.mailbox = mailbox;
  account.email = email;
  account.emailVerified = false;
  voidTokens(world, account);
  endPending(world, mailbox, 'registration', 'invitation');
  return { email };
}

export function deleteOwn(world: World, session: Opened | undefined, shown: Shown) {
  const { account } = confirm(world, session, shown);
  removeAccount(world, account);
  return { email: account.email };
}

export function removeAccount(world: World, account: Account): void {
  world.accounts.delete(account.mailbox);
  for (const [mailbox, kept] of world.reserved) if (kept.account === account) world.reserved.delete(mailbox);
  endSessions(world, account);
  forgetBrowsers(world, account);
  voidTokens(world, account);
  for (const token of world.tokens) if (token.account === account) token.isVoid = true;
  dropOwed(world, (mail) => mail.account === account);
}

/** The last used one first; if used at the same time, in the order in which they were opened. */
export function listOwn(world: World, session: Opened | undefined) {
  const { account } = authenticate(world, session);
  return world.sessions
    .map((opened, number) => ({ opened, number }))
    .filter(({ opened }) => opened.account === account && isOpen(world, opened))
    .map(({ opened: { createdAt, lastUsedAt, expiresAt, client }, number }) => {
      return { number, createdAt, lastUsedAt, expiresAt, address: client.address, userAgent: client.userAgent };
    })
    .sort((one, other) => other.lastUsedAt - one.lastUsedAt || one.number - other.number);
}

export function endOne(world: World, session: Opened | undefined, target: Opened | undefined) {
  const { account } = authenticate(world, session);
  if (target?.account !== account || !isOpen(world, target)) return refuse('not_found');
  target.ended = true;
}

export function endOthers(world: World, session: Opened | undefined, browser: Browser | undefined) {
  const own = authenticate(world, session);
  forgetBrowsers(world, own.account, browser);
  return endSessions(world, own.account, own);
}

export function admitAddress(mailbox: Mailbox): void {
  if (mailbox === noMailbox) refuse('invalid_request');
}

export function admitPassword(password: Password, mailbox: Mailbox): void {
  if (password.isRefusedFor(mailbox)) refuse('password_rejected');
}

function matches(account: Account, password: Password): boolean {
  return account.password === password && !password.matchesNobody;
}

/** Whether no one may log in to it. */
function isShut({ disabledAt, lockedAt }: Account): boolean {
  return disabledAt !== undefined || lockedAt !== undefined;
}

function setPassword(account: Account, password: Password): void {
  account.password = password;
  account.hasOldHash = false;
}
