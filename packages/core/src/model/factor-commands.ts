import fc from 'fast-check';
import { beginTotp, enableTotp, findPendingTotp } from '../factors/enable-totp.ts';
import { disableTotp, listFactors, renewRecoveryCodes } from '../factors/own-factors.ts';
import type { Requester } from '../requester.ts';
import { authenticate } from '../sessions/authenticate.ts';
import { logInWithCode, type SecondFactor } from '../sessions/second-factor.ts';
import { places } from './cast.ts';
import {
  browserToken,
  type CodeGuess,
  chooseEnrolling,
  choosePending,
  claim,
  codeGuess,
  type Guess,
  guess,
  often,
  type Pick,
  pendingToken,
  pick,
  place,
  shownCode,
  usual,
} from './choices.ts';
import { stepNow } from './code-rules.ts';
import { type Command, command, outcomeOf } from './command.ts';
import * as rules from './factor-rules.ts';
import { verifying } from './operator-commands.ts';
import { logIn as logInRule } from './rules.ts';
import { keep, logInTo, type Service } from './service.ts';
import { showing, withSession } from './session-commands.ts';
import { describeCode, typedCode } from './typed-codes.ts';
import type { App, Code, Typed } from './world.ts';

const beginning = (wanted: Pick, client: Requester, guessed: Guess) =>
  withSession('beginTotp', (world, { session, actor }) => {
    const { password, text } = guessed(session?.account);
    return {
      said: text,
      rule: () => rules.begin(world, session, password, client),
      act: async (service) => {
        const { secret, email } = await beginTotp(service.auth, { ...(await actor(service)), password: text });
        service.apps.push(secret);
        return { email };
      },
    };
  })(wanted, client);

const enabling = (wanted: Pick, client: Requester, guessed: CodeGuess) =>
  withSession(
    'enableTotp',
    (world, { session, number, actor, token }) => {
      const app = session?.enrolment?.app;
      const code = guessed(world, session?.account, app);
      return {
        said: describeCode(world, code),
        rule: () => rules.enable(world, session, code, client),
        act: async (service) => {
          const old = token(service);
          const own = await actor(service);
          const enabled = await enableTotp(service.auth, { ...own, code: typedCode(service, world, code, app) });
          service.recoveryCodes.push(...enabled.recoveryCodes);
          if (number !== undefined) service.sessions[number] = { id: own.session.id, token: enabled.token };
          const refused = await outcomeOf(async () => authenticate(service.auth, old));
          return { isOldTokenRefused: 'refused' in refused };
        },
      };
    },
    chooseEnrolling,
  )(wanted, client);

const disabling = fc.tuple(pick, place, guess, shownCode).map(([wanted, client, guessed, coded]) =>
  withSession('disableTotp', (world, { session, actor }) => {
    const { password, text } = guessed(session?.account);
    const { code, said, typed } = showing(world, session, coded);
    return {
      said: `${text}, ${said}`,
      rule: () => rules.disable(world, session, { password, code, client }),
      act: async (service) => {
        await disableTotp(service.auth, { ...(await actor(service)), password: text, code: typed(service) });
      },
    };
  })(wanted, client),
);

const renewing = fc.tuple(pick, place, guess, shownCode).map(([wanted, client, guessed, coded]) =>
  withSession('renewRecoveryCodes', (world, { session, actor }) => {
    const { password, text } = guessed(session?.account);
    const { code, said, typed } = showing(world, session, coded);
    return {
      said: `${text}, ${said}`,
      rule: () => rules.renewCodes(world, session, { password, code, client }),
      act: async (service) => {
        const change = { ...(await actor(service)), password: text, code: typed(service) };
        service.recoveryCodes.push(...(await renewRecoveryCodes(service.auth, change)));
      },
    };
  })(wanted, client),
);

const listing = fc.tuple(pick, place).map(([wanted, client]) =>
  withSession('listFactors', (world, { session, actor }) => ({
    said: '',
    rule: () => rules.list(world, session),
    act: async (service) => {
      const own = (await actor(service)).session;
      const pending = await findPendingTotp(service.auth, own);
      const begun = pending && service.apps.indexOf(pending.secret);
      return { ...(await listFactors(service.auth, own)), begun };
    },
  }))(wanted, client),
);

const sendingCode = fc.tuple(pick, place, codeGuess, claim).map(
  ([wanted, client, guessed, claims]): Command =>
    command('logInWithCode', (world) => {
      const { thing: pending, number } = choosePending(world, wanted);
      const code = guessed(world, pending?.account);
      const app = pending?.account.factor?.app;
      const claimed = claims(world, pending?.account);
      return {
        said: `login ${number}, ${describeCode(world, code)}, ${client.address}, browser ${claimed?.number}`,
        rule: () => rules.logInWithCode(world, pending, code, { client, claimed }),
        act: async (service) => {
          const secondFactorToken = pendingToken(service, number);
          const deviceToken = browserToken(service, claimed?.number);
          const typed = typedCode(service, world, code, app);
          return sendCode(service, { secondFactorToken, code: typed, client, deviceToken });
        },
      };
    }),
);

async function sendCode(service: Service, sent: SecondFactor): Promise<{ email: string }> {
  return keep(service, await logInWithCode(service.auth, sent));
}

/** The right password of an account with a factor, then some wrong codes, and others. */
const loggingIn = fc
  .tuple(fc.nat({ max: 9 }), place, fc.nat({ max: 5 }), fc.array(codeGuess, { maxLength: 2 }))
  .map(([number, client, wrong, others]) =>
    command('logIn with codes', (world) => {
      const owners = [...world.accounts.values()].filter(({ factor }) => factor !== undefined);
      const account = owners[number % owners.length];
      if (!account) return { said: 'no one', rule: () => undefined, act: async () => undefined };
      const { mailbox, email, password } = account;
      const guesses: CodeGuess[] = [...often(wrong, () => 'no code' as const), ...others];
      const sent: { code: Code; app: App | undefined }[] = [];
      return {
        said: `${email}, ${client.address}, ${guesses.map((guessed) => describeCode(world, guessed(world, account)))}`,
        rule: async () => {
          const outcomes = [
            await outcomeOf(async () => logInRule(world, { mailbox, email }, password, client, undefined)),
          ];
          const pending = world.pendingLogins.at(-1);
          for (const guessed of guesses) {
            const code = guessed(world, account);
            sent.push({ code, app: account.factor?.app });
            outcomes.push(await outcomeOf(async () => rules.logInWithCode(world, pending, code, { client })));
          }
          return outcomes;
        },
        act: async (service) => {
          const outcomes = [
            await outcomeOf(() => logInTo(service, { email, password: password.spellings[0], client })),
          ];
          const secondFactorToken = service.pendingLogins.at(-1) ?? 'never issued';
          for (const { code, app } of sent) {
            const typed = { secondFactorToken, code: typedCode(service, world, code, app), client };
            outcomes.push(await outcomeOf(() => sendCode(service, typed)));
          }
          return outcomes;
        },
      };
    }),
  );

/** Enable a factor in a session of an account that is there to begin with, and proven. */
export function enrolling(who: Typed, number: number): Command[] {
  const [place] = places;
  if (!place) throw new Error('the cast is empty');
  const its = { number, among: 'all' } as const;
  return [
    verifying(() => who),
    beginning(its, place, () => usual),
    enabling(its, place, (world, _account, app) => (app ? { app, step: stepNow(world) } : 'no code')),
  ];
}

export const factorCommands: readonly fc.Arbitrary<Command>[] = [
  ...often(
    3,
    fc.tuple(pick, place, guess).map((given) => beginning(...given)),
  ),
  ...often(
    4,
    fc.tuple(pick, place, codeGuess).map((given) => enabling(...given)),
  ),
  ...[...often(6, loggingIn), ...often(3, sendingCode)],
  ...[disabling, renewing, ...often(2, listing)],
];
