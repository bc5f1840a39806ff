import { createHash } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { measureInFlight } from '../load/in-flight.mjs';
import { post } from '../load/post.mjs';
import { expectCheck, loadGenerator, measureChecks } from '../load/session-checks.mjs';
import { startAuthsvc } from '../parties/authsvc.mjs';
import { importBuilt } from '../parties/own-dependency.mjs';
import { startPostgres } from '../parties/postgres.mjs';
import { alternate, contest } from '../rounds.mjs';
import { password, seededCookie, seededToken, userEmail } from '../seed.mjs';
import { parties, perSecond } from './scenario.mjs';

const accounts = 10_000;
const inFlight = 16;
const turnSeconds = 0.1;
const clients = 2 * availableParallelism();

/** @type {import('./scenario.mjs').Scenario} */
export const postgres = {
  name: 'postgres',
  title: 'PostgreSQL, 10 connections an instance',
  needsNobodyElse: loadGenerator === 'wrk',
  run: async ({ folder, rounds, passwordHash, seconds, start }) => {
    const { url } = await start(startPostgres());
    const instances = [];
    for (const name of ['one', 'two']) {
      instances.push(await start(startAuthsvc(join(folder, name), { AUTHSVC_DATABASE_URL: url })));
    }
    const [one = '', two = ''] = instances.map((instance) => instance.url);

    /** @type {typeof import('../../../packages/core/dist/index.js')} */
    const { openPostgresDatabase, createKnexStore } = await importBuilt('core', 'index.js');
    /** @type {typeof import('../../../packages/core/dist/testing/index.js')} */
    const { noListeners } = await importBuilt('core', 'testing/index.js');
    /** @type {typeof import('../../../packages/core/dist/database/knex.js')} */
    const { findPreparedRow } = await importBuilt('core', 'database/knex.js');
    const database = await openPostgresDatabase({ url });
    try {
      await seed(database, passwordHash);
      const store = createKnexStore(database, noListeners);
      /** @type {readonly string[]} */
      const digests = Array.from({ length: accounts }, (_, index) => digestOf(seededToken(index)));
      const bareSelect = (/** @type {string} */ digest) =>
        findPreparedRow(database.read, 'bare_select', BARE_SELECT, [digest]);
      const cookies = Array.from({ length: 1000 }, (_, index) => seededCookie(index));
      const logInTo = (/** @type {readonly string[]} */ urls) => () =>
        measureInFlight({
          clients,
          seconds: seconds(10),
          send: (client) => post(`${urls[client % urls.length]}/sessions`, { email: userEmail(client), password }),
        });
      await expectCheck(`${one}/profile`, cookies[0] ?? '', userEmail(0));

      const load = `${inFlight} in flight`;
      const logins = `${clients} logins in flight`;
      const oneRow = { id: 'postgres/logins/one', load: logins, party: 'one instance', unit: perSecond.logins };
      const contests = [
        {
          rows: [
            { id: 'postgres/select', load, party: 'SELECT by primary key', unit: 'rows/s' },
            { id: 'postgres/check', load, party: 'session check', unit: perSecond.checks, against: 'postgres/select' },
          ],
          measure: () => askInTurns([bareSelect, store.findActiveSession], digests, seconds(8)),
        },
        contest(
          { id: 'postgres/profile', load: '16 connections', party: parties.authsvc, unit: perSecond.checks },
          () => measureChecks({ url: `${one}/profile`, cookies, connections: 16, seconds: seconds(4) }),
        ),
        contest(oneRow, logInTo([one])),
        contest(
          { ...oneRow, id: 'postgres/logins/two', party: 'two instances', against: oneRow.id },
          logInTo([one, two]),
        ),
      ];
      return await alternate(contests, rounds);
    } finally {
      await database.close();
    }
  },
};

const BARE_SELECT = 'select * from sessions where token_digest = ?';

/**
 * Keeps queries to the database itself in flight, in short turns of one kind and the other, so that
 * other load on the machine affects both alike.
 *
 * @param {readonly ((digest: string) => Promise<unknown>)[]} kinds
 * @param {readonly string[]} digests
 * @param {number} seconds for each kind
 * @returns {Promise<{ value: number }[]>} answers a second, of each kind
 */
async function askInTurns(kinds, digests, seconds) {
  const answered = kinds.map(() => 0);
  for (let turn = 0; turn < seconds / turnSeconds; turn += 1) {
    for (const [kind, ask] of kinds.entries()) {
      const until = performance.now() + turnSeconds * 1000;
      const insist = async () => {
        while (performance.now() < until) {
          const row = await ask(digests[Math.floor(Math.random() * digests.length)] ?? '');
          if (row === undefined) throw new Error('a session that was seeded is not there');
          answered[kind] = (answered[kind] ?? 0) + 1;
        }
      };
      await Promise.all(Array.from({ length: inFlight }, insist));
    }
  }
  return answered.map((count) => ({ value: count / seconds }));
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
