import fc from 'fast-check';
import { register } from '../accounts/register.ts';
import { requestPasswordReset } from '../passwords/request-reset.ts';
import { resetPassword } from '../passwords/reset-password.ts';
import type { Requester } from '../requester.ts';
import { type Credentials, logIn } from '../sessions/log-in.ts';
import { localClient } from '../testing/index.ts';
import { mailboxes, places } from './cast.ts';
import {
  browserToken,
  type Claim,
  chooseToken,
  claim,
  type Entry,
  type Guess,
  guess,
  newEntry,
  often,
  oneTimeToken,
  pick,
  place,
  type Someone,
  someone,
  typed,
  usual,
} from './choices.ts';
import { type Command, command, outcomeOf } from './command.ts';
import { enrolling } from './factor-commands.ts';
import * as rules from './rules.ts';
import { logInTo, type Service } from './service.ts';
import type { Typed } from './world.ts';

/** How precisely the last use of a session is known. */
const MINUTE_MS = 60_000;

const registering = (who: Typed, { password, text }: Entry, client: Requester) =>
  command('register', (world) => ({
    said: `${who.email}, ${text}`,
    rule: () => rules.register(world, who, { password, client }),
    act: async ({ auth }) => ({ email: (await register(auth, { email: who.email, password: text, client })).email }),
  }));

const loggingIn = (whose: Someone, guessed: Guess, client: Requester, claimed: Claim) =>
  command('logIn', (world) => {
    const who = whose(world);
    const account = world.accounts.get(who.mailbox);
    const { password, text } = guessed(account);
    const browser = claimed(world, account);
    return {
      said: `${who.email}, ${text}, ${client.address}, browser ${browser?.number}`,
      rule: () => rules.logIn(world, who, password, client, browser),
      act: (service) => {
        const deviceToken = browserToken(service, browser?.number);
        return logInTo(service, { email: who.email, password: text, client, deviceToken });
      },
    };
  });

const attempt = (service: Service, credentials: Credentials) => outcomeOf(() => logIn(service.auth, credentials));

/** Several in a row, so that further logins are delayed. */
const guessing = fc
  .tuple(someone, place, claim, fc.integer({ min: 3, max: 12 }))
  .map(([whose, client, claimed, times]) =>
    command('logIn wrongly', (world) => {
      const who = whose(world);
      const browser = claimed(world, world.accounts.get(who.mailbox));
      const wrong = { spellings: ['not a password'] as const, isRefusedFor: () => false };
      return {
        said: `${who.email}, ${client.address}, browser ${browser?.number}, ${times} times`,
        rule: () => inTurn(times, () => outcomeOf(async () => rules.logIn(world, who, wrong, client, browser))),
        act: (service) => {
          const deviceToken = browserToken(service, browser?.number);
          const credentials = { email: who.email, password: wrong.spellings[0], client, deviceToken };
          return inTurn(times, () => attempt(service, credentials));
        },
      };
    }),
  );

async function inTurn<Result>(times: number, work: () => Promise<Result>): Promise<Result[]> {
  const results: Result[] = [];
  while (results.length < times) results.push(await work());
  return results;
}

const requestingReset = fc.tuple(someone, place).map(([whose, client]) =>
  command('requestPasswordReset', (world) => {
    const who = whose(world);
    return {
      said: who.email,
      rule: () => {
        // Of tokens made at the same time, none would be the oldest.
        world.now += MINUTE_MS;
        return rules.requestReset(world, who);
      },
      act: async (service) => {
        const { auth, tokens } = service;
        await service.passTime(MINUTE_MS);
        const outcome = await requestPasswordReset(auth, { email: who.email, client });
        if (outcome.delivery === 'response') tokens.push(outcome.resetToken);
        return { email: outcome.email };
      },
    };
  }),
);

/** Mostly with the address that the token was made for. */
const resetting = fc
  .tuple(pick, typed, fc.nat({ max: 3 }), newEntry, place)
  .map(([wanted, other, own, { password, text }, client]) =>
    command('resetPassword', (world) => {
      const { thing: token, number } = chooseToken(world, wanted, 'reset');
      const who = token && own > 0 ? (token.account ?? token.to) : other;
      const { email } = who;
      return {
        said: `token ${number}, ${email}, ${text}`,
        rule: () => rules.reset(world, { mailbox: who.mailbox, email }, token, password, client),
        act: async (service) => {
          const sent = { email, resetToken: oneTimeToken(service, number), newPassword: text, client };
          return { email: (await resetPassword(service.auth, sent)).email };
        },
      };
    }),
  );

/** Commands of guests; one that is listed more often is chosen more often. */
export const guestCommands: readonly fc.Arbitrary<Command>[] = [
  ...often(
    3,
    fc.tuple(typed, newEntry, place).map((given) => registering(...given)),
  ),
  ...often(
    6,
    fc.tuple(someone, guess, place, claim).map((given) => loggingIn(...given)),
  ),
  guessing,
  ...often(2, requestingReset),
  ...often(3, resetting),
];

/**
 * Accounts that are there to begin with, each with a session from two places, and some with a
 * second factor, which ends the first session.
 */
export function opening(accounts: number, factors: number): Command[] {
  return mailboxes.slice(0, accounts).flatMap((mailbox, index) => {
    const who = { mailbox, email: mailbox.spellings[0] };
    const logIns = places.slice(1).map((client) =>
      loggingIn(
        () => who,
        () => usual,
        client,
        () => undefined,
      ),
    );
    const enrol = index < factors ? enrolling(who, index * logIns.length + logIns.length - 1) : [];
    return [registering(who, usual, localClient), ...logIns, ...enrol];
  });
}
