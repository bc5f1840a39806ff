import { availableParallelism } from 'node:os';
import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect } from 'vitest';
import { mustSend, send } from '../support/http-client.mjs';
import { it, serve } from '../support/journey.ts';

const owner = { email: 'ada@example.com', password: 'correct horse battery' };
const neighbour = { email: 'bob@example.com', password: 'staple after staple' };
/** Behind a public URL, addresses of this machine are limited like any other. */
const settings = {
  AUTHSVC_PUBLIC_URL: 'https://app.example.com',
  AUTHSVC_REGISTRATIONS_PER_MINUTE: '100',
  AUTHSVC_LOGINS_PER_MINUTE: '3',
};
/** The owner's browsers, which all travel to the same place. */
const devices = 5;
const loginsOfEach = 10;
/** More at the same time than the queue for strangers takes: some 36 a core at 55 ms a password. */
const strangers = 100 * availableParallelism();

describe('a known browser', () => {
  it('gets its owner in from anywhere at the first try, past guesses, full windows and a full queue', {
    timeout: 600_000,
  }, async ({ home }) => {
    const daemon = await serve(home, settings);
    for (const person of [owner, neighbour]) await mustSend(daemon.url, 'POST /users', { json: person });
    const cookies: string[] = [];
    for (let index = 1; index <= devices; index += 1) {
      const first = await mustSend(daemon.url, 'POST /sessions', { json: owner, from: `127.0.3.${index}` });
      cookies.push(...first.cookies.filter((one) => one.startsWith('__Host-authsvc_device=')));
    }
    expect(cookies).toHaveLength(devices);

    const travelled = '127.0.4.1';
    const wrong = { ...owner, password: 'not it at all' };
    // The account's counter: each guess that is let through doubles the delay of the next one.
    let refusals = 0;
    for (let index = 1; refusals < 20; index += 1) {
      const guess = await send(daemon.url, 'POST /sessions', { json: wrong, from: `127.0.6.${index}` });
      if (guess.status === 429) refusals += 1;
    }
    const fillWindow = async () =>
      (await send(daemon.url, 'POST /sessions', { json: neighbour, from: travelled })).status;
    await expect.poll(fillWindow, { timeout: 60_000 }).toBe(429);

    const answers: unknown[] = [];
    const seen = new Map<number, number>();
    let isOver = false;
    const flood = async (index: number) => {
      for (let round = 0; !isOver; round += 1) {
        const json = { email: `stranger${index}-${round}@example.com`, password: 'not it at all' };
        const from = `127.${10 + (round % 200)}.${7 + Math.floor(index / 200)}.${(index % 200) + 1}`;
        const { status } = await send(daemon.url, 'POST /sessions', { json, from });
        seen.set(status, (seen.get(status) ?? 0) + 1);
        await wait(20);
      }
    };
    const flooding = Array.from({ length: strangers }, (_, index) => flood(index));
    await expect.poll(() => seen.get(503) ?? 0, { timeout: 60_000 }).toBeGreaterThan(0);
    const refusedBefore = seen.get(503) ?? 0;
    const logIn = async (cookie: string) => {
      for (let count = 0; count < loginsOfEach; count += 1) {
        const answer = await send(daemon.url, 'POST /sessions', { json: owner, from: travelled, headers: { cookie } });
        answers.push(answer.code ?? answer.status);
      }
    };
    try {
      await Promise.all(cookies.map(logIn));
    } finally {
      isOver = true;
      await Promise.all(flooding);
    }
    expect(answers).toEqual(Array.from({ length: devices * loginsOfEach }, () => 200));
    expect(seen.get(503)).toBeGreaterThan(refusedBefore);
  });
});
