import { type AuthEventType, register, requestPasswordReset } from '@authsvc/core';
import { createGate, createTestAuth, localClient, type TestAuth } from '@authsvc/core/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { encodings } from '../testing/requests.ts';
import { createTestServer } from '../testing/test-server.ts';
import { createMailDispatcher, type MailDispatcher } from './dispatcher.ts';

const credentials = { email: 'user@example.com', password: 'secure_password', client: localClient };

describe('createMailDispatcher', () => {
  let auth: TestAuth;
  let mails: MailDispatcher;
  const errors: unknown[] = [];

  beforeEach(async () => {
    auth = await createTestAuth({ resetDelivery: 'smtp' });
    await register(auth, credentials);
    errors.length = 0;
  });
  afterEach(() => auth.close());

  const ask = () => requestPasswordReset(auth, credentials);
  const recorded = (type: AuthEventType) => auth.events.filter((event) => event.type === type).length;

  it('sends all that is due when it is woken, one mail at a time', async () => {
    const [first, answered] = [createGate(), createGate()];
    let sending = 0;
    let most = 0;
    const send = async () => {
      sending += 1;
      most = Math.max(most, sending);
      first.open();
      await answered.opened;
      sending -= 1;
    };
    await ask();
    mails = createMailDispatcher({ ...auth, mailer: { send } }, (error) => errors.push(error));
    mails.wake();
    await first.opened;
    await ask();
    mails.wake();
    mails.wake();
    answered.open();
    await expect.poll(() => recorded('reset_mail_sent'), { timeout: 10_000 }).toBe(2);
    await mails.stop();
    expect([most, errors]).toEqual([1, []]);
  });

  it('tells of a database that fails, and goes on when it is woken again', async () => {
    await ask();
    let failures = 1;
    const store = {
      ...auth.store,
      write: ((work) => {
        if (failures-- > 0) throw new Error('the disk is full');
        return auth.store.write(work);
      }) as TestAuth['store']['write'],
    };
    mails = createMailDispatcher({ ...auth, store }, (error) => errors.push(error));
    mails.wake();
    await expect.poll(() => errors).toEqual([new Error('the disk is full')]);
    expect(auth.mailer.sent).toEqual([]);
    mails.wake();
    await expect.poll(() => auth.mailer.sent.length).toBe(1);
    await mails.stop();
  });

  it('cuts a mail short when it stops, and leaves it owed', async () => {
    await ask();
    const started = createGate();
    const send = (_mail: unknown, signal?: AbortSignal) =>
      new Promise<void>((_resolve, reject) => {
        started.open();
        signal?.addEventListener('abort', () => reject(Object.assign(new Error('cut'), { code: 'EABORT' })));
      });
    mails = createMailDispatcher({ ...auth, mailer: { send } }, (error) => errors.push(error));
    mails.wake();
    await started.opened;
    await mails.stop();
    mails.wake();
    expect([recorded('reset_mail_failed'), errors]).toEqual([1, []]);

    auth.clock.advance(30_000);
    const next = createMailDispatcher(auth, (error) => errors.push(error));
    next.wake();
    await expect.poll(() => auth.mailer.sent.length).toBe(1);
    await next.stop();
  });
});

describe('POST /reset_password where mails are sent', () => {
  it('wakes the sender once the reply is on its way, the same for an account and for none', async () => {
    let woken = 0;
    const mailOwed = () => {
      woken += 1;
    };
    const test = await createTestServer({ resetDelivery: 'smtp' }, {}, { mailOwed });
    await register(test.auth, credentials);
    for (const email of ['user@example.com', 'Nobody@example.com']) {
      const request = { method: 'POST', url: '/reset_password', ...encodings.json({ email }) } as const;
      const response = await test.server.inject(request);
      expect([response.statusCode, response.json()]).toEqual([200, { email, message: 'reset instructions sent' }]);
    }
    expect(woken).toBe(2);
    expect(await test.auth.database.read('mails').count({ rows: '*' })).toEqual([{ rows: 2 }]);
    await test.close();
  });
});
