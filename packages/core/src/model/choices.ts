import fc from 'fast-check';
import type { TokenPurpose } from '../tokens/one-time-token.ts';
import { mailboxes, noMailbox, type Password, passwords, places } from './cast.ts';
import { stepNow } from './code-rules.ts';
import { waits } from './factor-rules.ts';
import type { Service } from './service.ts';
import {
  type Account,
  type App,
  type Browser,
  type Code,
  isGood,
  isOpen,
  isRemembered,
  type RecoveryCode,
  type Typed,
  type World,
} from './world.ts';

/**
 * Who and what a command is about. If that depends on earlier commands, it is chosen when the
 * command runs.
 */

const mailbox = fc.oneof(
  { weight: 15, arbitrary: fc.constantFrom(...mailboxes) },
  { weight: 1, arbitrary: fc.constant(noMailbox) },
);

export const typed: fc.Arbitrary<Typed> = mailbox.chain((one) =>
  fc.constantFrom(...one.spellings).map((email) => ({ mailbox: one, email })),
);

/** Mostly an email with an account, in one spelling or another. */
export type Someone = (world: World) => Typed;

export const someone: fc.Arbitrary<Someone> = fc
  .tuple(typed, fc.nat({ max: 9 }), fc.nat({ max: 5 }))
  .map(([other, number, spelling]) => ({ accounts }) => {
    const mailbox = number === 9 ? undefined : [...accounts.keys()][number % accounts.size];
    return mailbox ? { mailbox, email: mailbox.spellings[spelling % mailbox.spellings.length] ?? '' } : other;
  });

export const place = fc.constantFrom(...places);

/** A password as typed. */
export interface Entry {
  readonly password: Password;
  readonly text: string;
}

const spellingOf = (password: Password, number: number): Entry => ({
  password,
  text: password.spellings[number % password.spellings.length] ?? password.spellings[0],
});

export const entry: fc.Arbitrary<Entry> = fc
  .tuple(fc.constantFrom(...passwords), fc.nat({ max: 1 }))
  .map(([password, number]) => spellingOf(password, number));

/** One that is not refused for being common or weak. */
export const usual: Entry = spellingOf(passwords[0], 0);

/** One that is mostly admitted. */
export const newEntry: fc.Arbitrary<Entry> = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...passwords.slice(0, 3)).map((password) => spellingOf(password, 0)) },
  { weight: 1, arbitrary: entry },
);

/** The password that an account has, typed in one way or another, or any. */
export type Guess = (account: Account | undefined) => Entry;

export const guess: fc.Arbitrary<Guess> = fc.tuple(fc.nat({ max: 7 }), entry, fc.nat({ max: 1 })).map(
  ([wrong, other, number]) =>
    (account) =>
      account && wrong > 0 ? spellingOf(account.password, number) : other,
);

/** The more often one is named, the more often it is chosen. */
export function often<One>(times: number, one: One): One[] {
  return new Array<One>(times).fill(one);
}

/** A code for an account, or for an app that is being enrolled; mostly one that fits. */
export type CodeGuess = (world: World, account: Account | undefined, app?: App) => Code;

export const codeGuess: fc.Arbitrary<CodeGuess> = fc
  .tuple(
    fc.constantFrom(...often(6, 'unused'), ...often(2, 'recovery'), 'shown', 'any app', 'any recovery', 'no code'),
    fc.nat({ max: 99 }),
    fc.constantFrom(...often(6, 0), ...[-1, 1, -2, 2, -20, 20, -21, 21]),
  )
  .map(([kind, number, distance]) => (world, account, enrolled) => {
    const one = <Thing>(things: readonly Thing[]) => things[number % things.length];
    const app = enrolled ?? account?.factor?.app;
    const step = stepNow(world) + distance;
    const of = (shown: App | undefined, at: number): Code => (shown ? { app: shown, step: at } : 'no code');
    const ofPaper = (codes: readonly RecoveryCode[] = []): Code => {
      const recovery = one(codes);
      return recovery ? { recovery } : 'no code';
    };
    switch (kind) {
      case 'unused': {
        const lastStep = account?.factor?.lastStep ?? 0;
        return of(app, [-1, 0, 1].map((way) => stepNow(world) + way).find((at) => at > lastStep) ?? step);
      }
      case 'shown':
        return of(app, step);
      case 'any app':
        return of(one(world.apps), step);
      case 'recovery':
        return ofPaper(account?.factor?.recoveryCodes);
      case 'any recovery':
        return ofPaper(world.recoveryCodes);
      default:
        return 'no code';
    }
  });

/** A code with a change: an account without a factor ignores it. */
export type Coded = (world: World, account: Account | undefined) => Code | undefined;

export const shownCode: fc.Arbitrary<Coded> = fc.oneof(
  { weight: 5, arbitrary: codeGuess },
  { weight: 1, arbitrary: fc.constant(() => undefined) },
);

/** A session or token of all that were ever issued, by its number; mostly a valid one. */
export interface Pick {
  readonly number: number;
  readonly among: 'good' | 'all';
}

export const pick: fc.Arbitrary<Pick> = fc.record({
  number: fc.nat({ max: 9 }),
  among: fc.constantFrom('good', 'good', 'good', 'good', 'good', 'all'),
});

/** A session or a token with its number; both undefined if nothing was issued yet. */
function choose<Thing>(things: readonly Thing[], { number, among }: Pick, isLive: (thing: Thing) => boolean) {
  const all = things.map((thing, index) => ({ thing, number: index }));
  const live = all.filter(({ thing }) => isLive(thing));
  const candidates = among === 'good' && live.length > 0 ? live : all;
  return candidates[number % candidates.length] ?? { thing: undefined, number: undefined };
}

export const chooseSession = (world: World, wanted: Pick) =>
  choose(world.sessions, wanted, (session) => isOpen(world, session));
/** Mostly one that began to enable a factor. */
export const chooseEnrolling = (world: World, wanted: Pick) =>
  choose(world.sessions, wanted, (session) => isOpen(world, session) && session.enrolment !== undefined);
export const choosePending = (world: World, wanted: Pick) =>
  choose(world.pendingLogins, wanted, (pending) => waits(world, pending));
export const chooseBrowser = (world: World, wanted: Pick) =>
  choose(world.browsers, wanted, (browser) => isRemembered(world, browser));
/** Mostly one for one of these purposes. */
export const chooseToken = (world: World, wanted: Pick, ...purposes: readonly TokenPurpose[]) =>
  choose(world.tokens, wanted, (token) => purposes.includes(token.purpose) && isGood(world, token));

/** The browser that a login to an account says it comes from: mostly none, or one that is known. */
export type Claim = (world: World, account: Account | undefined) => Browser | undefined;

export const claim: fc.Arbitrary<Claim> = fc
  .tuple(fc.nat({ max: 9 }), fc.constantFrom('none', 'none', 'known', 'known', 'any'))
  .map(([number, kind]) => (world, account) => {
    const known = world.browsers.filter((one) => one.account === account && isRemembered(world, one));
    if (kind === 'none') return undefined;
    const candidates = kind === 'known' ? known : world.browsers;
    return candidates[number % candidates.length];
  });

export function browserToken({ browsers }: Service, number: number | undefined): string | undefined {
  return number === undefined ? undefined : browsers[number];
}

export function sessionToken({ sessions }: Service, number: number | undefined): string {
  return (number === undefined ? undefined : sessions[number]?.token) ?? 'never issued';
}

export function oneTimeToken({ tokens }: { readonly tokens: readonly string[] }, number: number | undefined): string {
  return (number === undefined ? undefined : tokens[number]) ?? 'never issued';
}

export function pendingToken({ pendingLogins }: Service, number: number | undefined): string {
  return (number === undefined ? undefined : pendingLogins[number]) ?? 'never issued';
}
