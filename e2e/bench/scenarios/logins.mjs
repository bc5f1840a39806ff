import { availableParallelism } from 'node:os';
import { measureInFlight } from '../load/in-flight.mjs';
import { post } from '../load/post.mjs';
import { startAuthsvc } from '../parties/authsvc.mjs';
import { signUp, startBetterAuth } from '../parties/better-auth.mjs';
import { measureRawBcrypt } from '../parties/raw-bcrypt.mjs';
import { alternate, contest } from '../rounds.mjs';
import { password, seedAuthsvc, userEmail } from '../seed.mjs';
import { parties, perSecond } from './scenario.mjs';

const clients = 2 * availableParallelism();

/** @type {import('./scenario.mjs').Scenario} */
export const logins = {
  name: 'logins',
  title: 'Logins, twice as many in flight as there are cores',
  run: async ({ folder, rounds, passwordHash, seconds, start }) => {
    await seedAuthsvc(folder, clients, passwordHash);
    const service = await start(startAuthsvc(folder));
    const other = await start(startBetterAuth(folder, 'defaults'));
    for (let client = 0; client < clients; client += 1) await signUp(other.url, userEmail(client), password);

    const load = `${clients} in flight`;
    const unit = perSecond.logins;
    const against = 'logins/raw-bcrypt';
    /** @param {string} url */
    const logIn = (url) => () =>
      measureInFlight({
        clients,
        seconds: seconds(10),
        send: (client) => post(url, { email: userEmail(client), password }),
      });
    const contests = [
      contest({ id: against, load: 'every core', party: parties.rawBcrypt, unit }, async () => ({
        value: await measureRawBcrypt(passwordHash, seconds(10)),
      })),
      contest({ id: 'logins/authsvc', load, party: parties.authsvc, unit, against }, logIn(`${service.url}/sessions`)),
      contest(
        { id: 'logins/better-auth', load: `${load}, scrypt`, party: parties.betterAuth, unit, against },
        logIn(`${other.url}/api/auth/sign-in/email`),
      ),
    ];
    return alternate(contests, rounds);
  },
};
