import { measureChecks } from '../load/session-checks.mjs';
import { startAuthsvc } from '../parties/authsvc.mjs';
import { startBareFastify } from '../parties/bare-fastify.mjs';
import { alternate, contest } from '../rounds.mjs';
import { parties } from './scenario.mjs';

const leastRounds = 15;
/** Of another application on the same origin; no session, as most who see a login have none. */
const cookies = ['theme=dark'];

/** @type {import('./scenario.mjs').Scenario} */
export const pages = {
  name: 'pages',
  title: 'GET /login, the page',
  run: async ({ folder, rounds, quick, seconds, start }) => {
    const service = await start(startAuthsvc(folder));
    const page = await (await fetch(`${service.url}/login`)).text();
    const bare = await start(startBareFastify(folder, '', {}, page));
    const contenders = [
      { key: 'bare-fastify', party: parties.bareFastify, url: `${bare.url}/login` },
      { key: 'authsvc', party: parties.authsvc, url: `${service.url}/login` },
    ];
    const contests = contenders.map(({ key, party, url }) =>
      contest(
        { id: `pages/${key}`, against: 'pages/bare-fastify', load: '16 connections', party, unit: 'pages/s' },
        async () => {
          if ((await (await fetch(url)).text()) !== page) throw new Error(`${url} answers another page`);
          return await measureChecks({ url, cookies, connections: 16, seconds: seconds(1) });
        },
      ),
    );
    for (const { measure } of contests) await measure();
    return alternate(contests, quick ? rounds : Math.max(rounds, leastRounds));
  },
};
