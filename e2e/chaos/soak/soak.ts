import { readFile } from 'node:fs/promises';
import { Agent } from 'node:http';
import { join } from 'node:path';
import { setInterval as every } from 'node:timers/promises';
import { mustSend } from '../../support/http-client.mjs';
import { root } from '../../support/program.ts';
import { median } from '../../support/statistics.mjs';
import { makeDatabase, type RowDatabase } from '../database.ts';
import { openSession } from '../load/accounts.ts';
import type { Row } from '../row.ts';
import { judge } from '../run-row.ts';
import { Chance } from './chance.ts';
import { watchHeap } from './heap.ts';
import { operateOnAll } from './house-acts.ts';
import { live } from './live.ts';
import { Person } from './person.ts';
import { residentMb, type Sample, settledFiles, takeSample } from './samples.ts';
import { residentEmail } from './stranger-acts.ts';
import { Tally } from './tally.ts';

/**
 * The number of parts. The first one warms up; memory is compared between the three after it and
 * the last three.
 */
const PARTS = 12;
const WINDOW = 3;
/** With so many operations, the random choices reach every endpoint. */
const MANY = 2000;
/** Housekeeping runs once in the lifetime of a session, and late where the machine is busy. */
const PRUNED_WITHIN_LIFETIMES = 6;

export const soakRow: Row<
  'operations' | 'people' | 'lifetime' | 'memory-within' | 'files-within' | 'unavailable' | 'samples' | 'seed'
> = {
  name: 'soak',
  fault: 'Soak',
  dialects: ['sqlite', 'postgres'],
  sizes: {
    // The lifetime in seconds; memory and files in per cent, with room for a service that has just
    // started: its heap still grows, and it opens more database connections for requests at the
    // same time. On a busy machine, the database may be too late for some requests.
    small: {
      operations: 250,
      people: 6,
      lifetime: 6,
      'memory-within': 100,
      'files-within': 30,
      unavailable: 20,
      samples: 1,
      seed: 1,
    },
    // An hour of thirty a second.
    full: {
      operations: 108_000,
      people: 12,
      lifetime: 30,
      'memory-within': 10,
      'files-within': 10,
      unavailable: 0,
      samples: 10,
      seed: 1,
    },
  },
  async run({ size, dialect, folder, serve, log, onEnd }) {
    const database = await makeDatabase(dialect, folder);
    const heap = await watchHeap(folder);
    const settings = {
      ...database.settings,
      ...heap.settings,
      AUTHSVC_SESSION_LIFETIME_SECONDS: String(size.lifetime),
      AUTHSVC_RESET_TOKEN_SECONDS: String(size.lifetime),
    };
    const daemon = await serve(settings);
    const { control } = daemon;
    const tally = new Tally();
    await openSession(daemon.url, residentEmail);
    tally.accounts += 1;
    for (const event of ['user_registered', 'login_succeeded']) tally.expect(event);
    const { text } = await mustSend(control, 'GET /users/export');
    const passwordHash = String(JSON.parse(text).password_hash);

    // Only with a timeout of its own does Node's client respect the server's. Without one, it now
    // and then uses a connection just as the server closes it.
    const agent = new Agent({ keepAlive: true, timeout: 60_000 });
    onEnd(() => agent.destroy());
    const lifetimeMs = size.lifetime * 1000;
    const surroundings = { doors: daemon, agent, tally, passwordHash, lifetimeMs };
    const people = Array.from(
      { length: size.people },
      (_, index) => new Person(`person-${index}`, new Chance(size.seed * 1000 + index), surroundings),
    );
    const operator = new Person('operator', new Chance(size.seed), surroundings);

    const samples: Sample[][] = [];
    const heapMb: number[] = [];
    let filesAfterWarmUp = Number.NaN;
    for (let part = 1; part <= PARTS; part += 1) {
      const own: Sample[] = [];
      for (let step = 1; step <= size.samples; step += 1) {
        const until = (size.operations * (part - 1 + step / size.samples)) / PARTS;
        await Promise.all(people.map((person) => live(person, until)));
        own.push(await takeSample(control));
      }
      samples.push(own);
      heapMb.push(await heap.keptMb(daemon));
      // This ends every session, except after the last part: those are left to expire.
      if (part < PARTS) await operateOnAll(operator, { dialect, folder, people });
      if (part === 1) filesAfterWarmUp = await settled(agent, control);
      log(
        `${tally.operations} operations; ${residentMb(own).toFixed(0)} MB resident, ${heapMb.at(-1)?.toFixed(1)} MB kept in the heap`,
      );
    }
    const files = await settled(agent, control);
    const early = {
      residentMb: residentMb(samples.slice(1, 1 + WINDOW).flat()),
      heapMb: median(heapMb.slice(1, 1 + WINDOW)),
    };
    const late = { residentMb: residentMb(samples.slice(-WINDOW).flat()), heapMb: median(heapMb.slice(-WINDOW)) };
    const most = 1 + size['memory-within'] / 100;

    const left = await waitUntilPruned(database, PRUNED_WITHIN_LIFETIMES * lifetimeMs);
    return judge(
      `${tally.done.size} kinds of requests, to the endpoints and as the operator, by ${size.people} at once, as fast as they go`,
      tally.operations,
      `${tally.unexpected.length} unexpected answers, ${tally.sentAway} × overloaded, ${tally.unavailable} × database_unavailable; ${early.residentMb.toFixed(0)} MB resident, then ${late.residentMb.toFixed(0)}; ` +
        `heap without garbage ${early.heapMb.toFixed(1)} MB, then ${late.heapMb.toFixed(1)}; ${filesAfterWarmUp} open files, then ${files}; ` +
        `${left.sessions} sessions and ${left.resetTokens} reset tokens left, ${tally.accounts} accounts`,
      [
        ...tally.unexpected,
        size.operations >= MANY && (await untried(tally)),
        tally.unavailable > size.unavailable && `the database was unavailable ${tally.unavailable} times`,
        !(late.residentMb <= early.residentMb * most) && `${late.residentMb.toFixed(0)} MB are resident`,
        !(late.heapMb <= early.heapMb * most) && `the heap keeps ${late.heapMb.toFixed(1)} MB`,
        !(Math.abs(files - filesAfterWarmUp) <= (filesAfterWarmUp * size['files-within']) / 100) &&
          `${files} files are open`,
        left.sessions + left.resetTokens !== 0 && 'what has expired is still there',
        ...(await differences(database, tally)),
      ],
    );
  },
};

/** The endpoints in openapi.json that were never called. */
async function untried(tally: Tally): Promise<string | false> {
  const text = await readFile(join(root, 'packages', 'server', 'openapi.json'), 'utf8');
  const { paths } = JSON.parse(text) as { paths: Record<string, object> };
  const endpoints = Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
  );
  const left = endpoints.filter((endpoint) => !tally.done.has(endpoint));
  return left.length > 0 && `never called: ${left.join(', ')}`;
}

/** Closes every connection, and then counts the files that the service has open. */
function settled(agent: Agent, control: string): Promise<number> {
  agent.destroy();
  return settledFiles(control);
}

/** Waits until all sessions and reset tokens have expired and are deleted, or the time is up. */
async function waitUntilPruned(
  { query }: RowDatabase,
  withinMs: number,
): Promise<{ sessions: number; resetTokens: number }> {
  const until = performance.now() + withinMs;
  const count = async (table: string) => Number((await query(`select count(*) as rows from ${table}`))[0]?.rows);
  for await (const _ of every(500)) {
    const left = { sessions: await count('sessions'), resetTokens: await count('one_time_tokens') };
    if (left.sessions + left.resetTokens === 0 || performance.now() > until) return left;
  }
  throw new Error('unreachable: the timer ends by itself alone');
}

/** Where the database differs from what was done. */
async function differences({ query }: RowDatabase, tally: Tally): Promise<(string | false)[]> {
  const recorded = await query('select type, count(*) as times from events group by type');
  const times = new Map(recorded.map(({ type, times: count }) => [String(type), Number(count)]));
  const [users] = await query('select count(*) as rows from users');
  const [mails] = await query('select count(*) as rows from mails');
  const types = new Set([...times.keys(), ...tally.events.keys()]);
  const wrong = [...types].filter((type) => {
    const [found = 0, expected = 0] = [times.get(type), tally.events.get(type)];
    const most = type === 'session_ended' ? expected + tally.expiredTried : expected;
    return found < expected || found > most;
  });
  return [
    Number(users?.rows) !== tally.accounts && `${users?.rows} accounts instead of ${tally.accounts}`,
    Number(mails?.rows) !== 0 && `${mails?.rows} mails are owed`,
    ...wrong.map((type) => `${times.get(type) ?? 0} × ${type} recorded instead of ${tally.events.get(type) ?? 0}`),
  ];
}
