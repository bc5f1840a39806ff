import fc from 'fast-check';
import { changeEmail, deleteAccount } from '../accounts/own-account.ts';
import { changePassword } from '../passwords/change-password.ts';
import { type Actor, confirmPassword } from '../passwords/confirm-password.ts';
import type { Requester } from '../requester.ts';
import { authenticate } from '../sessions/authenticate.ts';
import { logOut } from '../sessions/log-out.ts';
import { endSession, listSessions } from '../sessions/own-sessions.ts';
import type { ActiveSession } from '../sessions/session.ts';
import {
  type Coded,
  chooseSession,
  entry,
  guess,
  newEntry,
  often,
  type Pick,
  pick,
  place,
  sessionToken,
  shownCode,
  typed,
} from './choices.ts';
import { type Command, command, type Step } from './command.ts';
import * as rules from './rules.ts';
import type { Service } from './service.ts';
import { describeCode, typedCode } from './typed-codes.ts';
import { isOpen, type Opened, type World } from './world.ts';

/** A session that a command is about, as the rule and the service need it. */
interface WithSession {
  readonly session: Opened | undefined;
  readonly number: number | undefined;
  readonly actor: (service: Service) => Promise<Actor & { readonly session: ActiveSession }>;
  readonly token: (service: Service) => string;
  readonly client: Requester;
}

export function withSession(name: string, step: (world: World, given: WithSession) => Step, chooseOne = chooseSession) {
  return (wanted: Pick, client: Requester): Command =>
    command(name, (world) => {
      const { thing: session, number } = chooseOne(world, wanted);
      const token = (service: Service) => sessionToken(service, number);
      const actor = async (service: Service) => ({ session: await authenticate(service.auth, token(service)), client });
      const { said, rule, act } = step(world, { session, number, actor, token, client });
      return { said: said === '' ? `session ${number}` : `session ${number}, ${said}`, rule, act };
    });
}

const simply = (build: (wanted: Pick, client: Requester) => Command) =>
  fc.tuple(pick, place).map(([wanted, client]) => build(wanted, client));

/** What a session check returns about the owner. */
const handedOut = ({ email, role, emailVerified }: { email: string; role: string; emailVerified: boolean }) => {
  return { email, role, emailVerified };
};

const authenticating = simply(
  withSession('authenticate', (world, { session, actor }) => ({
    said: '',
    rule: () => {
      const { account, methods } = rules.authenticate(world, session);
      return { ...handedOut(account), methods };
    },
    act: async (service) => {
      const { session: checked } = await actor(service);
      return { ...handedOut(checked), methods: checked.methods };
    },
  })),
);

const loggingOut = simply(
  withSession('logOut', (world, { session, token, client }) => ({
    said: '',
    rule: () => rules.logOut(world, session),
    act: (service) => logOut(service.auth, { token: token(service), client }),
  })),
);

const listing = simply(
  withSession('listSessions', (world, { session, actor }) => ({
    said: '',
    rule: () => rules.listOwn(world, session),
    act: async (service) => {
      const listed = await listSessions(service.auth, (await actor(service)).session);
      const times = listed.map(({ lastUsedAt }) => lastUsedAt);
      if (times.some((time, index) => time > (times[index - 1] ?? time))) throw new Error('not in order');
      return listed
        .map(({ id, createdAt, lastUsedAt, expiresAt, address, userAgent }) => {
          const number = service.sessions.findIndex((issued) => issued.id === id);
          return { number, createdAt, lastUsedAt, expiresAt, address, userAgent };
        })
        .sort((one, other) => other.lastUsedAt - one.lastUsedAt || one.number - other.number);
    },
  })),
);

/** Expired sessions are left out: they may be found until housekeeping has run. */
const endingOne = fc.tuple(pick, place, pick).map(([wanted, client, target]) =>
  withSession('endSession', (world, { session, actor }) => {
    const chosen = chooseSession(world, target);
    const { thing, number } =
      chosen.thing?.ended === false && !isOpen(world, chosen.thing) ? { thing: undefined, number: undefined } : chosen;
    return {
      said: `ends ${number}`,
      rule: () => rules.endOne(world, session, thing),
      act: async (service) => {
        const id = number === undefined ? undefined : service.sessions[number]?.id;
        await endSession(service.auth, await actor(service), id ?? 'never issued');
      },
    };
  })(wanted, client),
);

/** The code that comes with a change. */
export function showing(world: World, session: Opened | undefined, coded: Coded) {
  const code = coded(world, session?.account);
  const app = session?.account.factor?.app;
  return {
    code,
    said: describeCode(world, code),
    typed: (service: Service) => code && typedCode(service, world, code, app),
  };
}

const confirming = fc.tuple(pick, place, guess, shownCode).map(([wanted, client, guessed, coded]) =>
  withSession('confirmPassword', (world, { session, actor }) => {
    const { password, text } = guessed(session?.account);
    const { code, said, typed } = showing(world, session, coded);
    return {
      said: `${text}, ${said}`,
      rule: () => ({ email: rules.confirm(world, session, { password, code, client }).account.email }),
      act: async (service) => {
        const confirmed = await confirmPassword(service.auth, await actor(service), {
          password: text,
          code: typed(service),
        });
        return confirmed.write(async (_transaction, { email }) => ({ email }));
      },
    };
  })(wanted, client),
);

const changingPassword = fc
  .tuple(pick, place, guess, shownCode, newEntry)
  .map(([wanted, client, guessed, coded, next]) =>
    withSession('changePassword', (world, { session, actor }) => {
      const { password, text } = guessed(session?.account);
      const { code, said, typed } = showing(world, session, coded);
      return {
        said: `${text}, ${said}, ${next.text}`,
        rule: () => rules.changePassword(world, session, { password, code, client }, next.password),
        act: async (service) => {
          const change = {
            ...(await actor(service)),
            currentPassword: text,
            code: typed(service),
            newPassword: next.text,
          };
          return { email: (await changePassword(service.auth, change)).email };
        },
      };
    })(wanted, client),
  );

const changingEmail = fc.tuple(pick, place, guess, shownCode, typed).map(([wanted, client, guessed, coded, next]) =>
  withSession('changeEmail', (world, { session, actor }) => {
    const { password, text } = guessed(session?.account);
    const shown = showing(world, session, coded);
    const { code, said } = shown;
    return {
      said: `${text}, ${said}, ${next.email}`,
      rule: () => rules.changeEmail(world, session, { password, code, client }, next),
      act: async (service) => {
        const change = { ...(await actor(service)), password: text, code: shown.typed(service), newEmail: next.email };
        return { email: (await changeEmail(service.auth, change)).email };
      },
    };
  })(wanted, client),
);

const deletingOwn = fc.tuple(pick, place, entry, guess, shownCode).map(([wanted, client, other, guessed, coded]) =>
  withSession('deleteAccount', (world, { session, actor }) => {
    const { password, text } = session ? guessed(session.account) : other;
    const { code, said, typed } = showing(world, session, coded);
    return {
      said: `${text}, ${said}`,
      rule: () => rules.deleteOwn(world, session, { password, code, client }),
      act: async (service) => {
        const own = { ...(await actor(service)), password: text, code: typed(service) };
        return { email: await deleteAccount(service.auth, own) };
      },
    };
  })(wanted, client),
);

/** What is done with a session; the more often one is named, the more often it is chosen. */
export const sessionCommands: readonly fc.Arbitrary<Command>[] = [
  ...[...often(2, authenticating), loggingOut, ...often(2, listing), ...often(2, endingOne)],
  ...[...often(2, confirming), ...often(2, changingPassword), ...often(3, changingEmail), deletingOwn],
];
