import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { keepInFlight } from '../load/in-flight.mjs';
import { post } from '../load/post.mjs';
import { startAuthsvc } from '../parties/authsvc.mjs';
import { measureRawBcrypt } from '../parties/raw-bcrypt.mjs';
import { residentMemory } from '../parties/resident-memory.mjs';
import { alternate, contest } from '../rounds.mjs';
import { password, seedAuthsvc, userEmail } from '../seed.mjs';
import { parties, perSecond } from './scenario.mjs';

const clients = 200;
const sampleIntervalMs = 250;

/** @type {import('./scenario.mjs').Scenario} */
export const overload = {
  name: 'overload',
  title: '200 logins in flight, and what the service weighs',
  run: async ({ folder, rounds, quick, passwordHash, seconds, start }) => {
    const home = join(folder, 'authsvc');
    await seedAuthsvc(home, clients, passwordHash);
    const party = parties.authsvc;
    const settleMs = quick ? 500 : 3000;
    const logins = { party, unit: perSecond.logins, against: 'overload/raw-bcrypt' };
    const memory = { party, unit: 'MB resident' };
    const contests = [
      contest(
        { id: 'overload/raw-bcrypt', load: 'every core', party: parties.rawBcrypt, unit: perSecond.logins },
        async () => ({ value: await measureRawBcrypt(passwordHash, seconds(10)) }),
      ),
      {
        rows: [
          { ...logins, id: 'overload/patient', load: `${clients}, who wait as Retry-After asks` },
          { ...memory, id: 'memory/rest', load: 'at rest, just started' },
          { ...memory, id: 'memory/early', load: 'most, first half of the storm', against: 'memory/rest' },
          { ...memory, id: 'memory/late', load: 'most, second half of the storm', against: 'memory/early' },
          { ...memory, id: 'memory/after', load: 'after the storm', against: 'memory/rest' },
        ],
        // A new process in each round: memory at rest is measured before it has done anything.
        measure: async () => {
          const service = await start(startAuthsvc(home));
          const sample = await storm(service, { impatient: false, seconds: Math.max(2, seconds(48)), settleMs });
          await service.stop();
          return sample;
        },
      },
      {
        rows: [{ ...logins, id: 'overload/impatient', load: `${clients}, who try again at once` }],
        measure: async () => {
          const service = await start(startAuthsvc(home));
          const [impatient] = await storm(service, { impatient: true, seconds: Math.max(2, seconds(8)), settleMs });
          await service.stop();
          return impatient ? [impatient] : [];
        },
      },
    ];
    return alternate(contests, rounds);
  },
};

/**
 * @param {import('../parties/party-process.mjs').Party} service
 * @param {{ impatient: boolean, seconds: number, settleMs: number }} options
 * @returns {Promise<import('../rounds.mjs').Sample[]>} the logins; memory at rest, early and late
 * in the storm, and after it
 */
async function storm({ url, pid }, { impatient, seconds, settleMs }) {
  await setTimeout(settleMs);
  const rest = await residentMemory(pid);
  const logins = keepInFlight({
    clients,
    impatient,
    // The first logins that are admitted are answered only after two seconds.
    warmUpSeconds: 3,
    send: (client) => post(`${url}/sessions`, { email: userEmail(client), password }),
  });
  await logins.warm;
  /** @type {number[]} */
  const during = [];
  for (const end = performance.now() + seconds * 1000; performance.now() < end; ) {
    during.push(await residentMemory(pid));
    await setTimeout(sampleIntervalMs);
  }
  const sample = await logins.stop();
  await setTimeout(settleMs);
  const after = await residentMemory(pid);
  // The maximum of each half: memory rises for 15 to 20 s until V8 collects its old garbage, and
  // then rises again.
  const half = Math.ceil(during.length / 2);
  const early = Math.max(...during.slice(0, half));
  const late = Math.max(...during.slice(half));
  return [sample, { value: rest }, { value: early }, { value: late }, { value: after }];
}
