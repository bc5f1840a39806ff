import fc from 'fast-check';
import { notMe } from '../accounts/not-me.ts';
import { unlockUser } from '../accounts/operator.ts';
import type { Requester } from '../requester.ts';
import { endDevice, listDevices } from '../sessions/devices.ts';
import { endOtherSessions } from '../sessions/own-sessions.ts';
import { digestSecret } from '../tokens/digest.ts';
import { browserToken, chooseBrowser, chooseToken, often, oneTimeToken, pick, place, someone } from './choices.ts';
import { between, type Command, command, outcomeOf } from './command.ts';
import { onAccount } from './operator-commands.ts';
import { unlock } from './operator-rules.ts';
import * as rules from './owner-rules.ts';
import { endOthers, logIn } from './rules.ts';
import { logInTo, type Service } from './service.ts';
import { withSession } from './session-commands.ts';
import { isRemembered } from './world.ts';

/** As many as are known at a time. */
const MOST_BROWSERS = 20;
/** Uses of a session that are closer together may be lost: they are kept to the minute. */
const MINUTE_MS = 60_000;

const sayingNotMe = fc.tuple(pick, place).map(([wanted, client]) =>
  command('notMe', (world) => {
    const { thing: link, number } = chooseToken(world, wanted, 'not_me');
    return {
      said: `token ${number}`,
      rule: () => rules.notMe(world, link),
      act: ({ auth, ...service }) => notMe(auth, { token: oneTimeToken(service, number), client }),
    };
  }),
);

/** From so many browsers, each at another time, that all those known before are forgotten. */
const loggingInOften = fc.tuple(someone, place).map(([whose, client]) =>
  command('logIn from many browsers', (world) => {
    const who = whose(world);
    const { email } = who;
    const password = world.accounts.get(who.mailbox)?.password;
    if (!password) return { said: 'no one', rule: () => undefined, act: async () => undefined };
    const [text] = password.spellings;
    return {
      said: `${email}, ${client.address}`,
      rule: () =>
        inTurn(() => {
          world.now += MINUTE_MS;
          return outcomeOf(async () => logIn(world, who, password, client, undefined));
        }),
      act: (service) =>
        inTurn(async () => {
          await service.passTime(MINUTE_MS);
          return outcomeOf(() => logInTo(service, { email, password: text, client }));
        }),
    };
  }),
);

async function inTurn<Result>(work: () => Promise<Result>): Promise<Result[]> {
  const results: Result[] = [];
  while (results.length < MOST_BROWSERS) results.push(await work());
  return results;
}

const listing = fc.tuple(pick, place, pick).map(([wanted, client, current]) =>
  withSession('listDevices', (world, { session, actor }) => {
    const { thing: browser, number: its } = chooseBrowser(world, current);
    return {
      said: `in browser ${its}`,
      rule: () => rules.listBrowsers(world, session, browser),
      act: async (service) => {
        const own = (await actor(service)).session;
        const listed = await listDevices(service.auth, own, browserToken(service, its));
        return listed
          .map(({ digest, createdAt, lastLoginAt, address, userAgent, isCurrent }) => {
            const number = service.browsers.findIndex((token) => digestSecret(token) === digest);
            return { number, createdAt, lastLoginAt, address, userAgent, isCurrent };
          })
          .sort((one, other) => other.lastLoginAt - one.lastLoginAt || one.number - other.number);
      },
    };
  })(wanted, client),
);

/** One that has expired may be found until housekeeping has run. */
const forgetting = fc.tuple(pick, place, pick).map(([wanted, client, target]) =>
  withSession('endDevice', (world, { session, actor }) => {
    const chosen = chooseBrowser(world, target);
    const isGone = chosen.thing !== undefined && !isRemembered(world, chosen.thing);
    const { thing, number } = isGone ? { thing: undefined, number: undefined } : chosen;
    return {
      said: `forgets ${number}`,
      rule: () => rules.forget(world, session, thing),
      act: async (service) => {
        const own = await actor(service);
        await endDevice(service.auth, own, await idOf(service, number));
      },
    };
  })(wanted, client),
);

async function idOf({ auth, browsers }: Service, number: number | undefined): Promise<string> {
  const digest = digestSecret((number === undefined ? undefined : browsers[number]) ?? 'never issued');
  const row = await auth.database.read('devices').where({ digest }).first('id');
  return row?.id ?? 'never issued';
}

const endingOthers = (wanted: Parameters<typeof chooseBrowser>[1], client: Requester, current: typeof wanted) =>
  withSession('endOtherSessions', (world, { session, actor }) => {
    const { thing: browser, number } = chooseBrowser(world, current);
    return {
      said: `in browser ${number}`,
      rule: () => between(endOthers(world, session, browser)),
      act: async (service) => {
        const own = await actor(service);
        return endOtherSessions(service.auth, { ...own, deviceToken: browserToken(service, number) });
      },
    };
  })(wanted, client);

export const ownerCommands: readonly fc.Arbitrary<Command>[] = [
  ...[...often(6, sayingNotMe), onAccount('unlockUser', unlock, unlockUser), loggingInOften],
  ...[...often(2, listing), forgetting, fc.tuple(pick, place, pick).map((given) => endingOthers(...given))],
];
