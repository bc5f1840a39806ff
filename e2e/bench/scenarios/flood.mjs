import { availableParallelism } from 'node:os';
import { measureInFlight } from '../load/in-flight.mjs';
import { post } from '../load/post.mjs';
import { measureChecks } from '../load/session-checks.mjs';
import { startAuthsvc } from '../parties/authsvc.mjs';
import { alternate, contest } from '../rounds.mjs';
import { password, seedAuthsvc, seededCookie, userEmail } from '../seed.mjs';
import { parties, perSecond } from './scenario.mjs';

const clients = 2 * availableParallelism();
const warmUpSeconds = 1;

/** @type {import('./scenario.mjs').Scenario} */
export const flood = {
  name: 'flood',
  title: 'Logins during a flood of session checks',
  run: async ({ folder, rounds, passwordHash, seconds, start }) => {
    await seedAuthsvc(folder, clients, passwordHash);
    const { url } = await start(startAuthsvc(folder));
    const logIn = () =>
      measureInFlight({
        clients,
        seconds: seconds(10),
        warmUpSeconds,
        send: (client) => post(`${url}/sessions`, { email: userEmail(client), password }),
      });
    const party = parties.authsvc;
    const unit = perSecond.logins;
    const contests = [
      contest({ id: 'flood/alone', load: 'no checks meanwhile', party, unit }, logIn),
      {
        rows: [
          { id: 'flood/logins', load: '16 connections check', party, unit, against: 'flood/alone' },
          { id: 'flood/checks', load: 'the checks meanwhile', party, unit: perSecond.checks },
        ],
        measure: () =>
          Promise.all([
            logIn(),
            measureChecks({
              url: `${url}/profile`,
              cookies: [seededCookie(0)],
              connections: 16,
              seconds: seconds(10) + warmUpSeconds,
            }),
          ]),
      },
    ];
    return alternate(contests, rounds);
  },
};
