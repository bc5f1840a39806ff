import { Agent, request } from 'node:http';
import { expectCheck, measureChecks } from '../load/session-checks.mjs';
import { startAuthsvc } from '../parties/authsvc.mjs';
import { startBareFastify } from '../parties/bare-fastify.mjs';
import { alternate } from '../rounds.mjs';
import { seedAuthsvc, seededCookie, userEmail } from '../seed.mjs';
import { median } from '../statistics.mjs';
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
    const contests = contenders.flatMap(({ key, party, url }) => [
      {
        rows: [
          {
            id: `whoami/16/${key}`,
            load: '16 connections',
            party,
            unit: perSecond.checks,
            against: 'whoami/16/bare-fastify',
          },
        ],
        measure: async () => {
          await expectCheck(url, cookie, email);
          return [await measureChecks({ url, cookies: [cookie], connections: 16, seconds: seconds(1) })];
        },
      },
      {
        rows: [
          {
            id: `whoami/backend/${key}`,
            load: 'a backend on this machine',
            party,
            unit: 'ms a call',
            against: 'whoami/backend/bare-fastify',
          },
        ],
        measure: async () => [{ value: await callsOneByOne(url, cookie, quick ? 200 : 2000) }],
      },
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
    await new Promise((resolve, reject) => {
      const outgoing = request(url, { agent, headers: { cookie } }, (incoming) => {
        incoming.resume().on('end', resolve).on('error', reject);
      });
      outgoing.on('error', reject).end();
    });
    took.push(performance.now() - startedAt);
  }
  agent.destroy();
  return median(took);
}
