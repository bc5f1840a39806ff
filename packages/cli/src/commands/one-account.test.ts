import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { PASSWORD, startLocalService } from '../testing/local-service.ts';

const unicode = 'user@bücher.example';
const ascii = 'USER@xn--bcher-kva.example';
const bySecret = ['--password-stdin'];

describe('an address with an international domain', () => {
  it.each(['file', 'keychain'])('is one account in both its forms, with its session in a %s', async (storage) => {
    const service = await startLocalService({ env: { AUTHSVC_RESET_DELIVERY: 'operator' } });
    const env = { AUTHSVC_STORAGE: storage };
    await service.register(unicode);
    await service.authsvc(['login', '--email', unicode, ...bySecret], { input: PASSWORD, env });
    for (const email of [unicode, ascii]) {
      expect(await service.json(['profile', '--email', email], { env })).toMatchObject({
        status: 0,
        answer: { email: unicode },
      });
    }
    await service.authsvc(['login', '--email', ascii, ...bySecret], { input: PASSWORD, env });
    const { answer } = await service.json(['profile', '--all'], { env });
    expect(answer).toMatchObject({ accounts: [{ email: unicode }] });
    expect((await service.json(['logout', '--email', ascii], { env })).answer).toMatchObject({ ended: true });
  });

  it('is found where version 1.0.0 left its session', async () => {
    const service = await startLocalService();
    await service.register(unicode);
    await service.authsvc(['login', '--email', unicode, ...bySecret], { input: PASSWORD });
    const digest = createHash('sha256').update(`${service.url}\n${unicode}`).digest('hex').slice(0, 32);
    const paths = Object.keys(service.machine.files()).filter((path) => path.includes('/sessions/'));
    expect(paths.map((path) => path.split('/').at(-1))).toEqual([digest]);
  });

  it('leaves no session behind under the form that it had', async () => {
    const service = await startLocalService();
    await service.register(unicode);
    await service.authsvc(['login', '--email', unicode, ...bySecret], { input: PASSWORD });
    await service.authsvc(['email', '--new-email', ascii, ...bySecret], { input: PASSWORD });
    expect(await service.json(['profile', '--email', unicode])).toMatchObject({ status: 0, answer: { email: ascii } });
    expect(Object.keys(service.machine.files()).filter((path) => path.includes('/sessions/'))).toHaveLength(1);
  });

  it('is where a list of accounts goes on, in both its forms', async () => {
    const service = await startLocalService();
    for (const email of [unicode, 'zoe@example.com']) await service.register(email);
    for (const email of [unicode, ascii]) {
      expect((await service.json(['users', 'list', '--after', email])).answer).toMatchObject({
        users: [{ email: 'zoe@example.com' }],
      });
    }
  });
});

describe('a session of a daemon with an https public URL', () => {
  it('is used over plain http on its own machine, from AUTHSVC_SESSION and by exec', async () => {
    const settings = { AUTHSVC_PUBLIC_URL: 'https://accounts.example.com', AUTHSVC_RESET_DELIVERY: 'operator' };
    const service = await startLocalService({ env: settings });
    await service.register('ada@example.com');
    const AUTHSVC_SESSION = await service.logIn('ada@example.com');
    expect(await service.json(['profile'], { env: { AUTHSVC_SESSION } })).toMatchObject({
      status: 0,
      answer: { email: 'ada@example.com', storage: 'environment' },
    });
    expect((await service.json(['logout'], { env: { AUTHSVC_SESSION } })).answer).toMatchObject({ ended: true });
    expect((await service.json(['profile'], { env: { AUTHSVC_SESSION } })).status).toBe(4);
  });
});
