import { expectCheck, measureChecks } from '../load/session-checks.mjs';
import { startAuthsvc } from '../parties/authsvc.mjs';
import { startBareFastify } from '../parties/bare-fastify.mjs';
import { signIn, signUp, startBetterAuth } from '../parties/better-auth.mjs';
import { alternate, contest } from '../rounds.mjs';
import { password, seedAuthsvc, seededCookie, userEmail } from '../seed.mjs';
import { parties, perSecond } from './scenario.mjs';

const email = userEmail(0);
/**
 * A machine's speed changes from one second to the next by more than the parties differ, so many
 * short rounds compare measurements that follow each other directly.
 */
const leastRounds = 15;

/** @type {import('./scenario.mjs').Scenario} */
export const checks = {
  name: 'checks',
  title: 'Session checks',
  run: async ({ folder, rounds, quick, passwordHash, seconds, start }) => {
    await seedAuthsvc(folder, 10, passwordHash);
    const service = await start(startAuthsvc(folder));
    const bare = await start(startBareFastify(folder, email));
    const defaults = await start(startBetterAuth(folder, 'defaults'));
    const cached = await start(startBetterAuth(folder, 'cookie-cache'));
    for (const { url } of [defaults, cached]) await signUp(url, email, password);

    const contenders = [
      contender('bare-fastify', parties.bareFastify, bare.url, '/profile', seededCookie(0)),
      contender('authsvc', parties.authsvc, service.url, '/profile', seededCookie(0)),
      contender('better-auth', parties.betterAuth, defaults.url, '/api/auth/get-session'),
      contender('better-auth-cached', parties.betterAuthCached, cached.url, '/api/auth/get-session'),
    ];
    const contests = (quick ? [16] : [1, 16, 64]).flatMap((connections) =>
      contenders.map(({ key, party, base, path, cookie }) => {
        const load = connections === 1 ? '1 connection' : `${connections} connections`;
        const against = `checks/${connections}/bare-fastify`;
        const row = { id: `checks/${connections}/${key}`, load, party, unit: perSecond.checks, against };
        return contest(row, async () => {
          // A new session each time: a cookie cache is good for five minutes only.
          const session = cookie ?? (await signIn(base, email, password));
          const url = base + path;
          await expectCheck(url, session, email);
          const sample = await measureChecks({ url, cookies: [session], connections, seconds: seconds(1) });
          await expectCheck(url, session, email);
          return sample;
        });
      }),
    );
    for (const { measure } of contests) await measure();
    return alternate(contests, quick ? rounds : Math.max(rounds, leastRounds));
  },
};

/**
 * @param {string} key
 * @param {string} party
 * @param {string} base
 * @param {string} path
 * @param {string} [cookie] without it, each measurement begins with a login
 */
function contender(key, party, base, path, cookie) {
  return { key, party, base, path, cookie };
}
