import { Agent } from 'node:http';
import { setTimeout } from 'node:timers/promises';
import { startDaemon } from '../../support/daemon.ts';
import { type Answer, type SendOptions, send } from '../../support/http-client.mjs';
import { accepts } from '../../support/listening-program.ts';
import { makeDatabase } from '../database.ts';
import type { Row } from '../row.ts';
import { judge } from '../run-row.ts';

/** The longest wait before the signal: all requests are in flight, or some are answered. */
const MOST_MILLISECONDS = 300;
const password = 'correct horse battery';

export const sigtermRow: Row<'endings' | 'requests' | 'end-ms'> = {
  name: 'sigterm',
  fault: 'SIGTERM under load',
  dialects: ['sqlite', 'postgres'],
  // The real limit is that of the full run, on a machine that is otherwise idle.
  sizes: {
    small: { endings: 1, requests: 100, 'end-ms': 30_000 },
    full: { endings: 50, requests: 100, 'end-ms': 10_000 },
  },
  async run({ size, folder, dialect, log, onEnd }) {
    const database = await makeDatabase(dialect, folder);
    const start = () => startDaemon({ home: folder, settings: database.settings });
    let daemon = await start();
    onEnd(() => daemon.stop('SIGKILL'));
    const people = Array.from({ length: Math.ceil(size.requests / 4) }, (_, number) => `person${number}@example.com`);
    for (const email of people) await post(daemon.url, 'POST /users', email);
    const { session } = await post(daemon.url, 'POST /sessions', people[0] ?? '');

    const failures: string[] = [];
    const counts = new Map<string, number>();
    const promised: string[] = [];
    let refused = 0;
    let unanswered = 0;
    let slowestMs = 0;
    for (let ending = 0; ending < size.endings; ending += 1) {
      const { url } = daemon;
      const agents = Array.from({ length: size.requests }, () => new Agent({ keepAlive: true, maxSockets: 1 }));
      // So the service has accepted every connection.
      await Promise.all(agents.map((agent) => send(url, 'GET /health', { agent })));
      const requests = agents.map((agent, number) => {
        const [target, options] = requestOf(number, ending, people, session);
        let isSent: () => void = () => undefined;
        const sent = new Promise<void>((resolve) => {
          isSent = resolve;
        });
        const answer = send(url, target, { ...options, agent, onSent: () => isSent() }).then(
          ({ status, code = '' }) => ({ status, code }),
          (error: NodeJS.ErrnoException) => ({ status: 0, code: error.code ?? error.message }),
        );
        return { target, options, sent, answer };
      });
      await Promise.all(requests.map(({ sent }) => sent));
      if (Math.random() < 0.5) await setTimeout(Math.random() * MOST_MILLISECONDS);

      const asked = performance.now();
      const end = daemon.stop('SIGTERM');
      let hasEnded = false;
      const ended = end.then(() => {
        hasEnded = true;
      });
      while (!hasEnded && (await accepts(Number(new URL(url).port))));
      if (!hasEnded) refused += 1;
      for (const { target, options, answer } of requests) {
        const { status, code } = await answer;
        const key = `${target} ${status} ${code}`.trim();
        counts.set(key, (counts.get(key) ?? 0) + 1);
        if (status === 0) unanswered += 1;
        if (status !== 200 && status !== 503) failures.push(`${target} was answered ${status} ${code}`);
        if (status === 200 && target === 'POST /users') promised.push((options.json as { email: string }).email);
      }
      const { exitCode, signal } = await end;
      await ended;
      const tookMs = performance.now() - asked;
      slowestMs = Math.max(slowestMs, tookMs);
      if (exitCode !== 0) failures.push(`it ended with ${exitCode ?? signal}`);
      if (tookMs > size['end-ms']) failures.push(`it took ${Math.round(tookMs)} ms to end`);
      for (const agent of agents) agent.destroy();
      if ((ending + 1) % 10 === 0) log(`${ending + 1} endings`);
      daemon = await start();
    }
    const registered = new Set((await database.query('select email from users')).map(({ email }) => String(email)));
    const lost = promised.filter((email) => !registered.has(email)).length;
    if (lost > 0) failures.push(`${lost} registrations that were acknowledged are not there`);
    const counted = [...counts].sort().map(([key, count]) => `${count} × ${key}`);
    return judge(
      `sent SIGTERM with ${size.requests} requests in flight: logins, registrations, sessions and profiles`,
      size.endings,
      `${counted.join(', ')}; ${unanswered} without an answer; new connections refused ${refused} times while they were answered; slowest end ${Math.round(slowestMs)} ms`,
      failures,
    );
  },
};

function requestOf(
  number: number,
  ending: number,
  people: readonly string[],
  session: string | undefined,
): [target: string, options: SendOptions] {
  const email = people[Math.floor(number / 4)];
  switch (number % 4) {
    case 0:
      return ['POST /sessions', { json: { email, password } }];
    case 1:
      return ['POST /users', { json: { email: `new${number}-${ending}@example.com`, password } }];
    case 2:
      return ['GET /sessions', { session }];
    default:
      return ['GET /profile', { session }];
  }
}

/** Repeats it until it is done, however busy the service is. */
async function post(url: string, target: string, email: string): Promise<Answer> {
  for (;;) {
    const answer = await send(url, target, { json: { email, password } });
    if (answer.status === 200) return answer;
  }
}
