import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { User } from '../accounts/user.ts';
import { type AuthEvent, authEvent } from '../audit/event.ts';
import {
  createGate,
  createTestAuth,
  localClient,
  registerUser,
  type TestAuth,
  testDialects,
} from '../testing/index.ts';

const NOW = Date.UTC(2030, 0, 1);
const credentials = { email: 'user@example.com', password: 'secure_password', client: localClient };

describe.each(testDialects)('createKnexStore over $dialect: its transactions', ({ open }) => {
  let auth: TestAuth;
  let store: TestAuth['store'];
  let user: User;

  beforeEach(async () => {
    auth = await createTestAuth({}, open);
    store = auth.store;
    user = await registerUser(auth, credentials);
    auth.events.splice(0);
    await auth.database.write('events').delete();
  });
  afterEach(() => auth.close());

  const eventOf = (detail: string): AuthEvent => authEvent(auth.clock, 'login_failed', localClient, {}, detail);
  const failing = async () => {
    throw new Error('gave up');
  };

  it('keeps nothing of a transaction that failed, and reports none of its events', async () => {
    const failed = store.write(async (transaction) => {
      await transaction.insertUser({ ...user, id: 'third', emailKey: 'third@example.com' });
      await transaction.updatePasswordHash(user.id, 'cheap:new_password', NOW + 1);
      await transaction.deleteUser(user.id);
      await transaction.addEvent(eventOf('lost'));
      return failing();
    });
    await expect(failed).rejects.toEqual(new Error('gave up'));
    expect(await store.findUserByEmailKey('third@example.com')).toBeUndefined();
    expect(await store.findUserById(user.id)).toEqual(user);
    expect(await store.listEvents({ limit: 10 })).toEqual([]);
    expect(auth.events).toEqual([]);
  });

  it('reports events in their order, once they are committed', async () => {
    await store.write(async (transaction) => {
      await transaction.addEvent(eventOf('first'));
      await transaction.addEvent(eventOf('second'));
      expect(auth.events).toEqual([]);
    });
    expect(auth.events).toEqual([eventOf('first'), eventOf('second')]);
    const stored = await store.listEvents({ limit: 10 });
    expect(stored).toEqual(auth.events.map((event, index) => ({ ...event, id: stored[index]?.id })));
    expect(await store.listEvents({ limit: 10, afterId: stored[0]?.id })).toEqual(stored.slice(1));
    expect(await store.listEvents({ limit: 1, sinceMs: NOW })).toEqual(stored.slice(0, 1));
    expect(await store.listEvents({ limit: 1, sinceMs: NOW + 1 })).toEqual([]);
    expect(await store.listEvents({ limit: 1, userId: user.id })).toEqual([]);
  });

  it('loses no change of many that read before they write', async () => {
    const rename = (index: number) =>
      store.write(async (transaction) => {
        const { passwordHash = '' } = (await transaction.lockUser(user.id)) ?? {};
        await transaction.updatePasswordHash(user.id, `${passwordHash}.`, NOW + index);
      });
    await Promise.all(Array.from({ length: 20 }, (_, index) => rename(index)));
    expect((await store.findUserById(user.id))?.passwordHash).toBe(`cheap:secure_password${'.'.repeat(20)}`);
  });

  it('reads while a transaction is open, and sees nothing of it', async () => {
    const gate = createGate();
    const written = createGate();
    const writing = store.write(async (transaction) => {
      await transaction.updatePasswordHash(user.id, 'cheap:new_password', NOW + 1);
      written.open();
      await gate.opened;
    });
    await written.opened;
    expect(await store.findUserById(user.id)).toEqual(user);
    gate.open();
    await writing;
    expect((await store.findUserById(user.id))?.passwordHash).toBe('cheap:new_password');
  });

  it('gives up on a write that cannot begin in time, reads on, and writes again later', async () => {
    const gate = createGate();
    const begun = createGate();
    const blocking = store.write(async (transaction) => {
      await transaction.lockUser(user.id);
      begun.open();
      await gate.opened;
    });
    await begun.opened;
    const blocked = store.write((transaction) => transaction.updatePasswordHash(user.id, 'cheap:new_password', NOW));
    await expect(blocked).rejects.toMatchObject({
      name: 'AuthError',
      code: 'database_unavailable',
      retryAfterSeconds: 1,
    });
    expect(await store.findUserById(user.id)).toEqual(user);
    gate.open();
    await blocking;
    await store.write((transaction) => transaction.setDisabledAt(user.id, NOW));
  });
});
