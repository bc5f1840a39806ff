import { Agent } from 'node:http';
import { send } from '../../support/http-client.mjs';
import { median } from '../../support/statistics.mjs';
import { expectCheck, measureChecks } from '../load/session-checks.mjs';
import { startAuthsvc } from '../parties/authsvc.mjs';
import { startBareFastify } from '../parties/bare-fastify.mjs';
import { alternate, contest } from '../rounds.mjs';
import { seedAuthsvc, seededCookie, userEmail } from '../seed.mjs';
import { parties, perSecond } from './scenario.mjs';

const email = userEmail(0);
const leastRounds = 15;

/** @type {import('./scenario.mjs').Scenario} */
export const whoami = {
  name: 'whoami',
  title: 'GET /whoami, as an application asks it',
  run: async ({ folder, rounds, quick, passwordHash, seconds, start }) => {
    await seedAuthsvc(folder, 10, passwordHash);
    const service = await start(startAuthsvc(folder));
    const cookie = seededCookie(0);
    const answer = await fetch(`${service.url}/whoami`, { headers: { cookie } });
    const owner = /** @type {object} */ (await answer.json());
    const bare = await start(startBareFastify(folder, email, owner));
    const contenders = [
      { key: 'bare-fastify', party: parties.bareFastify, url: `${bare.url}/whoami` },
      { key: 'authsvc', party: parties.authsvc, url: `${service.url}/whoami` },
    ];
    const row = (/** @type {string} */ kind, /** @type {string} */ key) => ({
      id: `whoami/${kind}/${key}`,
      against: `whoami/${kind}/bare-fastify`,
    });
    const contests = contenders.flatMap(({ key, party, url }) => [
      contest({ ...row('16', key), load: '16 connections', party, unit: perSecond.checks }, async () => {
        await expectCheck(url, cookie, email);
        return await measureChecks({ url, cookies: [cookie], connections: 16, seconds: seconds(1) });
      }),
      contest({ ...row('backend', key), load: 'a backend on this machine', party, unit: 'ms a call' }, async () => ({
        value: await callsOneByOne(url, cookie, quick ? 200 : 2000),
      })),
    ]);
    for (const { measure } of contests) await measure();
    return alternate(contests, quick ? rounds : Math.max(rounds, leastRounds));
  },
};

/**
 * As a backend does: one call after another over a connection that is kept.
 *
 * @param {string} url
 * @param {string} cookie
 * @param {number} calls
 * @returns {Promise<number>} milliseconds, the median
 */
async function callsOneByOne(url, cookie, calls) {
  const agent = new Agent({ keepAlive: true, maxSockets: 1, timeout: 60_000 });
  const took = [];
  for (let call = 0; call < calls; call += 1) {
    const startedAt = performance.now();
    await send(url, 'GET', { agent, headers: { cookie } });
    took.push(performance.now() - startedAt);
  }
  agent.destroy();
  return median(took);
}
