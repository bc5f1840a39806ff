import type { Requester } from '../requester.ts';
import type { Password } from './cast.ts';
import { countCode, isShownNow, useCode } from './code-rules.ts';
import { endHalfDone, notify } from './pending.ts';
import { authenticate, confirm, openSession, rememberLogin, type Shown } from './rules.ts';
import {
  type Account,
  type Browser,
  type Code,
  endSessions,
  loginCounter,
  type Opened,
  originOf,
  type PendingLogin,
  type RecoveryCode,
  refuse,
  type World,
} from './world.ts';

/** What owners may expect of a second factor, as in `rules.ts`. */

const ENROLMENT_MS = 10 * 60_000;
const TRIES = 5;

export function begin(world: World, session: Opened | undefined, password: Password, client: Requester) {
  const own = authenticate(world, session);
  if (own.account.factor) refuse('factor_enabled');
  if (world.settings.sendsMail && !own.account.emailVerified) refuse('email_not_verified');
  confirm(world, own, { password, client });
  const app = { number: world.apps.length };
  world.apps.push(app);
  own.enrolment = { app, expiresAt: world.now + ENROLMENT_MS };
  return { email: own.account.email };
}

export function enable(world: World, session: Opened | undefined, code: Code, client: Requester) {
  const own = authenticate(world, session);
  const enrolment = enrolmentOf(world, own);
  if (!enrolment) return refuse('no_pending_factor');
  const isOfIt = code !== 'no code' && 'app' in code && code.app === enrolment.app && isShownNow(world, code.step);
  if (!isOfIt) return refuse('invalid_code');
  const { account } = own;
  const since = { since: world.now, codesSince: world.now };
  account.factor = { app: code.app, ...since, lastStep: code.step, recoveryCodes: makeCodes(world) };
  endHalfDone(world, account);
  endSessions(world, account, own);
  rememberLogin(world, account, client);
  own.methods = [...own.methods.filter((method) => method !== 'totp'), 'totp'];
  notify(world, account, 'factor_enabled');
  return { isOldTokenRefused: true };
}

function enrolmentOf(world: World, { enrolment }: Opened): Opened['enrolment'] {
  return enrolment && world.now < enrolment.expiresAt ? enrolment : undefined;
}

function makeCodes(world: World): RecoveryCode[] {
  const codes = Array.from({ length: 10 }, (_, index) => ({ number: world.recoveryCodes.length + index }));
  world.recoveryCodes.push(...codes);
  return codes;
}

export function disable(world: World, session: Opened | undefined, shown: Shown): void {
  const { account } = confirmFactor(world, session, shown);
  removeFactor(world, account);
  notify(world, account, 'factor_disabled');
}

export function renewCodes(world: World, session: Opened | undefined, shown: Shown): void {
  const { account, factor } = confirmFactor(world, session, shown);
  factor.recoveryCodes = makeCodes(world);
  factor.codesSince = world.now;
  notify(world, account, 'recovery_codes_renewed');
}

function confirmFactor(world: World, session: Opened | undefined, shown: Shown) {
  const { account } = authenticate(world, session);
  const { factor } = account;
  if (!factor) return refuse('not_found');
  confirm(world, session, shown);
  return { account, factor };
}

export function removeFactor(world: World, account: Account): void {
  account.factor = undefined;
  endHalfDone(world, account);
}

/** What an account has, and what its session began. */
export function list(world: World, session: Opened | undefined) {
  const own = authenticate(world, session);
  const { factor } = own.account;
  return {
    totp: factor && { enabledAt: factor.since },
    recoveryCodes: factor ? factor.recoveryCodes.length : 0,
    begun: enrolmentOf(world, own)?.app.number,
  };
}

export const waits = (world: World, { isOver, tries, expiresAt }: PendingLogin) =>
  !isOver && tries < TRIES && world.now < expiresAt;

export function logInWithCode(
  world: World,
  pending: PendingLogin | undefined,
  code: Code,
  { client, claimed }: { readonly client: Requester; readonly claimed?: Browser | undefined },
) {
  if (!pending || !waits(world, pending)) return refuse('second_factor_expired');
  const { account } = pending;
  const origin = originOf(world, account, client, claimed);
  const counter = countCode(world, account, origin);
  pending.tries += 1;
  const method = useCode(world, account, code, counter);
  pending.isOver = true;
  return openSession(world, account, {
    methods: ['password', method],
    counter: loginCounter(account.mailbox, origin),
    origin,
  });
}
