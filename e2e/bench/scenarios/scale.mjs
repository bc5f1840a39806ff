import { randomInt } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { measureInFlight } from '../load/in-flight.mjs';
import { post } from '../load/post.mjs';
import { expectCheck, measureChecks } from '../load/session-checks.mjs';
import { authsvcDatabase, startAuthsvc } from '../parties/authsvc.mjs';
import { startOneRead } from '../parties/one-read.mjs';
import { alternate, contest } from '../rounds.mjs';
import { password, seedAuthsvc, seededCookie, userEmail } from '../seed.mjs';
import { parties, perSecond } from './scenario.mjs';

const clients = 2 * availableParallelism();
const connections = 16;
/** As many sessions as the service holds in memory. */
const heldSessions = 100_000;

/** @type {import('./scenario.mjs').Scenario} */
export const scale = {
  name: 'scale',
  title: 'Few accounts against many',
  run: async ({ folder, rounds, quick, passwordHash, seconds, start }) => {
    const few = quick ? 1000 : 10_000;
    const many = quick ? 50_000 : 1_000_000;
    const fewHome = join(folder, 'few');
    const manyHome = join(folder, 'many');
    await seedAuthsvc(fewHome, few, passwordHash);
    await seedAuthsvc(manyHome, many, passwordHash);
    const small = await start(startAuthsvc(fewHome));
    const large = await start(startAuthsvc(manyHome));
    const oneRead = await start(startOneRead(folder, authsvcDatabase(manyHome)));

    const active = Array.from({ length: few }, (_, index) => seededCookie(index * (many / few)));
    const fewActive = Array.from({ length: few }, (_, index) => seededCookie(index));
    /** @param {number} length */
    const anyOfMany = (length) => Array.from({ length }, () => seededCookie(randomInt(many)));
    for (const { url } of [large, oneRead]) await expectCheck(`${url}/profile`, seededCookie(0), userEmail(0));

    /** @param {string} url @param {readonly string[]} cookies @param {number} duration */
    const check = (url, cookies, duration) =>
      measureChecks({ url: `${url}/profile`, cookies, connections, seconds: duration });
    // Until the service holds as many sessions as it can, and has read the active ones.
    await check(large.url, anyOfMany(3 * heldSessions), quick ? 1 : 40);

    /** @param {string} url @param {readonly string[]} cookies */
    const checkActive = async (url, cookies) => {
      await check(url, cookies, 2);
      return await check(url, cookies, seconds(4));
    };
    /** @param {string} url @param {number} spread */
    const logIn = (url, spread) =>
      measureInFlight({
        clients,
        seconds: seconds(10),
        send: (client) => post(`${url}/sessions`, { email: userEmail(client * spread), password }),
      });
    /** @param {string} url */
    const checkAny = (url) => check(url, anyOfMany(quick ? 20_000 : 200_000), seconds(8));

    const party = parties.authsvc;
    const activeLoad = { party, unit: perSecond.checks };
    const loginLoad = { party, unit: perSecond.logins };
    const fewText = few.toLocaleString('en');
    const manyText = many.toLocaleString('en');
    const anyLoad = { load: `any session of ${manyText}`, unit: perSecond.checks };
    const oneReadRow = { ...anyLoad, id: 'scale/any/one-read', party: parties.oneRead };
    const fewActiveRow = { ...activeLoad, id: 'scale/active/few', load: `${fewText} sessions of ${fewText}` };
    const fewLoginsRow = { ...loginLoad, id: 'scale/logins/few', load: `${fewText} accounts` };
    const contests = [
      contest(fewActiveRow, () => checkActive(small.url, fewActive)),
      contest(
        {
          ...activeLoad,
          id: 'scale/active/many',
          load: `${fewText} sessions of ${manyText}`,
          against: fewActiveRow.id,
        },
        () => checkActive(large.url, active),
      ),
      contest(fewLoginsRow, () => logIn(small.url, 1)),
      contest({ ...loginLoad, id: 'scale/logins/many', load: `${manyText} accounts`, against: fewLoginsRow.id }, () =>
        logIn(large.url, many / few),
      ),
      contest(oneReadRow, () => checkAny(oneRead.url)),
      contest({ ...anyLoad, id: 'scale/any/authsvc', party, against: oneReadRow.id }, () => checkAny(large.url)),
    ];
    return alternate(contests, rounds);
  },
};
