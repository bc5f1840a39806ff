import { createHash } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { measureInFlight } from '../load/in-flight.mjs';
import { post } from '../load/post.mjs';
import { expectCheck, measureChecks } from '../load/session-checks.mjs';
import { startAuthsvc } from '../parties/authsvc.mjs';
import { importCore } from '../parties/own-dependency.mjs';
import { startPostgres } from '../parties/postgres.mjs';
import { alternate } from '../rounds.mjs';
import { password, seededCookie, seededToken, userEmail } from '../seed.mjs';
import { parties, perSecond } from './scenario.mjs';

const accounts = 10_000;
const inFlight = 16;
const clients = 2 * availableParallelism();

/** @type {import('./scenario.mjs').Scenario} */
export const postgres = {
  name: 'postgres',
  title: 'PostgreSQL, 10 connections an instance',
  needsNobodyElse: true,
  run: async ({ folder, rounds, passwordHash, seconds, start }) => {
    const { url } = await start(startPostgres());
    const instances = [];
    for (const name of ['one', 'two']) {
      instances.push(await start(startAuthsvc(join(folder, name), { AUTHSVC_DATABASE_URL: url })));
    }
    const [one = '', two = ''] = instances.map((instance) => instance.url);

    const { openPostgresDatabase, createKnexStore } = await importCore();
    const database = await openPostgresDatabase({ url });
    try {
      await seed(database, passwordHash);
      const store = createKnexStore(database, () => undefined);
      /** @type {readonly string[]} */
      const digests = Array.from({ length: accounts }, (_, index) => digestOf(seededToken(index)));
      const asking = (/** @type {(digest: string) => Promise<unknown>} */ ask) => async () => [
        { value: await askInFlight(ask, digests, seconds(4)) },
      ];
      const cookies = Array.from({ length: 1000 }, (_, index) => seededCookie(index));
      const logInTo = (/** @type {readonly string[]} */ urls) => async () => [
        await measureInFlight({
          clients,
          seconds: seconds(10),
          send: (client) => post(`${urls[client % urls.length]}/sessions`, { email: userEmail(client), password }),
        }),
      ];
      await expectCheck(`${one}/profile`, cookies[0] ?? '', userEmail(0));

      const load = `${inFlight} in flight`;
      const logins = `${clients} logins in flight`;
      return await alternate(
        [
          {
            rows: [{ id: 'postgres/select', load, party: 'SELECT by primary key', unit: 'rows/s' }],
            measure: asking((digest) => database.findRow('bare_select', BARE_SELECT, [digest])),
          },
          {
            rows: [
              {
                id: 'postgres/check',
                load,
                party: 'session check',
                unit: perSecond.checks,
                against: 'postgres/select',
              },
            ],
            measure: asking((digest) => store.findActiveSession(digest)),
          },
          {
            rows: [{ id: 'postgres/profile', load: '16 connections', party: parties.authsvc, unit: perSecond.checks }],
            measure: async () => [
              await measureChecks({ url: `${one}/profile`, cookies, connections: 16, seconds: seconds(4) }),
            ],
          },
          {
            rows: [{ id: 'postgres/logins/one', load: logins, party: 'one instance', unit: perSecond.logins }],
            measure: logInTo([one]),
          },
          {
            rows: [
              {
                id: 'postgres/logins/two',
                load: logins,
                party: 'two instances',
                unit: perSecond.logins,
                against: 'postgres/logins/one',
              },
            ],
            measure: logInTo([one, two]),
          },
        ],
        rounds,
      );
    } finally {
      await database.close();
    }
  },
};

const BARE_SELECT = 'select * from sessions where token_digest = ?';

/**
 * Keeps questions in flight to the database itself.
 *
 * @param {(digest: string) => Promise<unknown>} ask
 * @param {readonly string[]} digests
 * @param {number} seconds
 * @returns {Promise<number>} answers a second
 */
async function askInFlight(ask, digests, seconds) {
  let answered = 0;
  let isOver = false;
  const insist = async () => {
    while (!isOver) {
      const row = await ask(digests[Math.floor(Math.random() * digests.length)] ?? '');
      if (row === undefined) throw new Error('a session that was seeded is not there');
      answered += 1;
    }
  };
  const asking = Array.from({ length: inFlight }, insist);
  await setTimeout(1000);
  const before = answered;
  const from = performance.now();
  await setTimeout(seconds * 1000);
  const rate = (answered - before) / ((performance.now() - from) / 1000);
  isOver = true;
  await Promise.all(asking);
  return rate;
}

/**
 * Accounts, each with a session.
 *
 * @param {any} database
 * @param {string} passwordHash
 */
async function seed(database, passwordHash) {
  const now = Date.now();
  const indexes = Array.from({ length: accounts }, (_, index) => index);
  await database.write.raw(
    `insert into users (id, email, email_key, password_hash, created_at, updated_at)
     select key, key, key, ?, ?, ? from unnest(?::text[]) as key`,
    [passwordHash, now, now, indexes.map(userEmail)],
  );
  await database.write.raw(
    `insert into sessions (token_digest, id, user_id, created_at, last_used_at, expires_at, address)
     select digest, digest, email, ?, ?, ?, '127.0.0.1' from unnest(?::text[], ?::text[]) as session (digest, email)`,
    [now, now, now + 30 * 86_400_000, indexes.map((index) => digestOf(seededToken(index))), indexes.map(userEmail)],
  );
  await database.write.raw('analyze');
}

/** @param {string} token */
function digestOf(token) {
  return createHash('sha256').update(token).digest('base64url');
}
