import { keepInFlight } from '../load/in-flight.mjs';
import { post } from '../load/post.mjs';
import { measureChecks } from '../load/session-checks.mjs';
import { startAuthsvc } from '../parties/authsvc.mjs';
import { signIn, signUp, startBetterAuth } from '../parties/better-auth.mjs';
import { alternate } from '../rounds.mjs';
import { password, seedAuthsvc, seededCookie, userEmail } from '../seed.mjs';
import { parties, perSecond } from './scenario.mjs';

const connections = 4;

/**
 * @typedef {{ key: string, party: string, base: string, checkPath: string, loginPath: string,
 * newCookie: () => Promise<string> }} Contender
 */

/** @type {import('./scenario.mjs').Scenario} */
export const storm = {
  name: 'storm',
  title: 'Session checks over 4 connections, while others log in',
  run: async ({ folder, rounds, passwordHash, seconds, start }) => {
    await seedAuthsvc(folder, 200, passwordHash);
    const service = await start(startAuthsvc(folder));
    const other = await start(startBetterAuth(folder, 'defaults'));
    for (let client = 0; client < 16; client += 1) await signUp(other.url, userEmail(client), password);

    /** @type {Contender} */
    const authsvc = {
      key: 'authsvc',
      party: parties.authsvc,
      base: service.url,
      checkPath: '/profile',
      loginPath: '/sessions',
      newCookie: async () => seededCookie(0),
    };
    /** @type {Contender} */
    const betterAuth = {
      key: 'better-auth',
      party: parties.betterAuth,
      base: other.url,
      checkPath: '/api/auth/get-session',
      loginPath: '/api/auth/sign-in/email',
      newCookie: () => signIn(other.url, userEmail(0), password),
    };
    const measureFor = seconds(5);
    return alternate(
      [
        contest(authsvc, 0, measureFor),
        contest(authsvc, 16, measureFor),
        contest(authsvc, 200, measureFor),
        contest(betterAuth, 0, measureFor),
        contest(betterAuth, 16, measureFor),
      ],
      rounds,
    );
  },
};

/**
 * @param {Contender} contender
 * @param {number} clients how many logins are in flight meanwhile
 * @param {number} seconds
 * @returns {import('../rounds.mjs').Contest}
 */
function contest({ key, party, base, checkPath, loginPath, newCookie }, clients, seconds) {
  const idleId = `storm/0/${key}`;
  const load = clients === 0 ? 'no logins' : `${clients} logins in flight`;
  const checks = { id: `storm/${clients}/${key}`, load, party, unit: perSecond.checks };
  const measure = async () => {
    const cookies = [await newCookie()];
    return measureChecks({ url: base + checkPath, cookies, connections, seconds });
  };
  if (clients === 0) return { rows: [checks], measure: async () => [await measure()] };

  const send = (/** @type {number} */ client) => post(base + loginPath, { email: userEmail(client), password });
  return {
    rows: [
      { ...checks, against: idleId },
      { id: `storm/${clients}/${key}/logins`, load: 'the logins meanwhile', party, unit: perSecond.logins },
    ],
    measure: async () => {
      const logins = keepInFlight({ clients, send });
      await logins.warm;
      const checked = await measure();
      return [checked, await logins.stop()];
    },
  };
}
