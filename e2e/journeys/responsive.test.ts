import { describe, expect } from 'vitest';
import { send } from '../support/http-client.mjs';
import { it, serve } from '../support/journey.ts';

const people = Array.from({ length: 40 }, (_, index) => `person${index}@example.com`);
const password = 'correct horse battery';
const rounds = 5;

describe('forty logins in flight', () => {
  // At the cost of production, which keeps the workers busy for seconds.
  it('stop neither a session check nor what reads and writes the database', async ({ home }) => {
    const daemon = await serve(home, { AUTHSVC_BCRYPT_COST: '12' });
    const register = (email: string) => send(daemon.url, 'POST /users', { json: { email, password } });
    for (let next = 0; next < people.length; next += 4) await Promise.all(people.slice(next, next + 4).map(register));
    const { session } = await send(daemon.url, 'POST /sessions', { json: { email: people[0], password } });

    const events: string[] = [];
    const call = async (target: string, json?: unknown) => {
      const { status } = await send(daemon.url, target, { session, ...(json !== undefined && { json }) });
      events.push(`${target} ${status}`);
    };
    const logIn = async (email: string, onSent: () => void) => {
      const { status } = await send(daemon.url, 'POST /sessions', { json: { email, password }, onSent });
      if (status === 200) events.push('login');
      return status;
    };
    // First in the queue, so that its row is written while the others still wait for their turn.
    const registrationSent = new Promise<void>((resolve, reject) => {
      const json = { email: 'latecomer@example.com', password };
      const answer = send(daemon.url, 'POST /users', { json, onSent: resolve });
      answer.then(({ status }) => events.push(`POST /users ${status}`)).catch(reject);
    });
    await registrationSent;
    const logins: Promise<number>[] = [];
    for (const email of people) await new Promise<void>((resolve) => logins.push(logIn(email, resolve)));

    for (let round = 0; round < rounds; round += 1) {
      await call('GET /profile');
      await call('GET /ready');
      await call('POST /reset_password', { email: people[0] });
    }
    const loggedInBefore = events.filter((event) => event === 'login').length;
    const statuses = await Promise.all(logins);
    const registeredBefore = events.slice(0, events.lastIndexOf('login')).includes('POST /users 200');
    const loggedIn = statuses.filter((status) => status === 200).length;

    const inOneRound = ['GET /profile 200', 'GET /ready 200', 'POST /reset_password 200'];
    const others = events.filter((event) => event !== 'login' && event !== 'POST /users 200');
    expect(others).toEqual(Array.from({ length: rounds }, () => inOneRound).flat());
    // The hashing queue is bounded: logins that find it full are refused at once.
    expect(statuses.filter((status) => status !== 200 && status !== 503)).toEqual([]);
    // All the others were answered while logins were pending. Had they queued behind the hashing,
    // the last login would have been answered first.
    expect(loggedInBefore).toBeLessThan(loggedIn);
    expect(registeredBefore).toBe(true);
  });
});
