import { availableParallelism } from 'node:os';
import { measureInFlight } from '../load/in-flight.mjs';
import { post } from '../load/post.mjs';
import { startAuthsvc } from '../parties/authsvc.mjs';
import { startBetterAuth } from '../parties/better-auth.mjs';
import { measureRawBcrypt } from '../parties/raw-bcrypt.mjs';
import { alternate, contest } from '../rounds.mjs';
import { password } from '../seed.mjs';
import { parties, perSecond } from './scenario.mjs';

const clients = 2 * availableParallelism();

/** @type {import('./scenario.mjs').Scenario} */
export const registration = {
  name: 'registration',
  title: 'Registrations, twice as many in flight as there are cores',
  run: async ({ folder, rounds, passwordHash, seconds, start }) => {
    const service = await start(startAuthsvc(folder));
    const other = await start(startBetterAuth(folder, 'defaults'));
    let registered = 0;
    const newEmail = () => {
      registered += 1;
      return `newcomer-${registered}@example.com`;
    };

    const load = `${clients} in flight`;
    const unit = perSecond.registrations;
    const against = 'registration/raw-bcrypt';
    /** @param {() => ReturnType<typeof post>} send */
    const register = (send) => () => measureInFlight({ clients, seconds: seconds(6), send });
    const contests = [
      contest({ id: against, load: 'every core', party: parties.rawBcrypt, unit }, async () => ({
        value: await measureRawBcrypt(passwordHash, seconds(6)),
      })),
      contest(
        { id: 'registration/authsvc', load, party: parties.authsvc, unit, against },
        register(() => post(`${service.url}/users`, { email: newEmail(), password })),
      ),
      contest(
        { id: 'registration/better-auth', load: `${load}, scrypt`, party: parties.betterAuth, unit, against },
        register(() => post(`${other.url}/api/auth/sign-up/email`, { email: newEmail(), password, name: 'newcomer' })),
      ),
    ];
    return alternate(contests, rounds);
  },
};
