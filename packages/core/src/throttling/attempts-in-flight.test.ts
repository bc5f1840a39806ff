import { describe, expect, it } from 'vitest';
import { createAttemptsInFlight } from './attempts-in-flight.ts';

describe('createAttemptsInFlight', () => {
  it('gives one turn at a time under a key, in the order of arrival', async () => {
    const attempts = createAttemptsInFlight();
    const order: number[] = [];
    const first = await attempts.enter('key');
    const others = [1, 2, 3].map(async (index) => {
      using _turn = await attempts.enter('key');
      order.push(index);
    });
    using _another = await attempts.enter('another key');
    expect(order).toEqual([]);
    first?.[Symbol.dispose]();
    await Promise.all(others);
    expect(order).toEqual([1, 2, 3]);
  });

  it('passes the turn on while an attempt is in flight', async () => {
    const attempts = createAttemptsInFlight();
    const flight = (await attempts.enter('key'))?.takeOff();
    expect(attempts.inFlight('key')).toBe(1);
    using turn = await attempts.enter('key');
    const changing = turn?.nextChange(turn.settled());
    flight?.[Symbol.dispose]();
    expect(await changing).toBe('changed');
    expect(attempts.inFlight('key')).toBe(0);
  });

  it('does not wait where nothing is in flight, nor for what has already come to its end', async () => {
    const attempts = createAttemptsInFlight();
    const flight = (await attempts.enter('key'))?.takeOff();
    using turn = await attempts.enter('key');
    const settled = turn?.settled() ?? 0;
    flight?.[Symbol.dispose]();
    expect(await turn?.nextChange(settled)).toBe('changed');
    expect(await turn?.nextChange(settled + 1)).toBe('nothing in flight');
  });

  it.each([
    ['under one key', { maxWaitingPerKey: 2 }, ['key', 'key', 'key']],
    ['under all keys', { maxWaiting: 2 }, ['key', 'other', 'key']],
  ])('turns away who comes when two wait %s', async (_where, options, keys) => {
    const attempts = createAttemptsInFlight(options);
    const turns = [await attempts.enter('key'), await attempts.enter('other')];
    const [one, two, three] = keys.map((key) => attempts.enter(key));
    expect(await three).toBeUndefined();
    for (const turn of turns) turn?.[Symbol.dispose]();
    for (const waiting of [one, two]) {
      using turn = await waiting;
      expect(turn?.hasWaited).toBe(true);
    }
  });

  it('lets nothing wait for longer than it may, for a turn or for what is in flight', async () => {
    const attempts = createAttemptsInFlight({ maxWaitMs: 20 });
    const flight = (await attempts.enter('key'))?.takeOff();
    using turn = await attempts.enter('key');
    expect(await attempts.enter('key')).toBeUndefined();
    expect(await turn?.nextChange(turn.settled())).toBe('too late');
    flight?.[Symbol.dispose]();
  });
});
