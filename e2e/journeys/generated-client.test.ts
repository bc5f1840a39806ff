import { readFile } from 'node:fs/promises';
import { OpenAPIClientAxios } from 'openapi-client-axios';
import { describe, expect } from 'vitest';
import { totpCode } from '../../test/totp-code.ts';
import { it } from '../support/journey.ts';

const document = new URL('../../packages/server/openapi.json', import.meta.url);

describe('a client generated from the description', () => {
  it('goes the whole way by the names of the operations', async ({ daemon }) => {
    const api = new OpenAPIClientAxios({
      definition: JSON.parse(await readFile(document, 'utf8')),
      withServer: { url: daemon.url },
      axiosConfigDefaults: { validateStatus: () => true },
    });
    const client = await api.init();
    const call = async (operation: string, parameters?: { id: string } | null, body?: object, cookie = '') => {
      const send = client[operation];
      if (!send) throw new Error(`the description has no operation ${operation}`);
      const answer = await send(parameters ?? undefined, body, { headers: cookie ? { cookie } : {} });
      return { status: answer.status, body: answer.data, cookie: String(answer.headers['set-cookie']).split(';')[0] };
    };
    const email = 'user@example.com';
    const password = 'secure_password';
    const done = (body: object) => expect.objectContaining({ status: 200, body });

    expect(await call('register', null, { email, password })).toEqual(done({ email, message: 'user created' }));
    const { cookie: elsewhere } = await call('logIn', null, { email, password });
    const { cookie } = await call('logIn', null, { email, password });
    expect(await call('getProfile', null, undefined, cookie)).toEqual(done({ email }));

    const listed = await call('listSessions', null, undefined, cookie);
    const other = listed.body.sessions.find((session: { current: boolean }) => !session.current);
    expect(await call('endSession', { id: other.id }, undefined, cookie)).toEqual(done({ message: 'session ended' }));
    expect(await call('getProfile', null, undefined, elsewhere)).toMatchObject({ status: 403 });
    const others = { message: 'other sessions ended', ended: 0 };
    expect(await call('endOtherSessions', null, undefined, cookie)).toEqual(done(others));

    const newPassword = 'new_secure_password';
    const change = { current_password: password, new_password: newPassword };
    expect(await call('changePassword', null, change, cookie)).toEqual(done({ email, message: 'password changed' }));
    const newEmail = 'another.user@example.com';
    const move = { password: newPassword, new_email: newEmail };
    expect(await call('changeEmail', null, move, cookie)).toEqual(done({ email: newEmail, message: 'email changed' }));

    const { body: reset } = await call('requestPasswordReset', null, { email: newEmail });
    const redeem = { ...reset, new_password: password };
    const updated = { email: newEmail, message: 'password updated' };
    expect(await call('resetPassword', null, redeem)).toEqual(done(updated));
    expect(await call('getProfile', null, undefined, cookie)).toMatchObject({ status: 403 });

    const { cookie: plain } = await call('logIn', null, { email: newEmail, password });
    const { body: begun } = await call('beginTotp', null, { password }, plain);
    const code = totpCode(begun.secret, Date.now());
    const { body: enabled, cookie: renewed } = await call('enableTotp', null, { code }, plain);
    const [first, second, third] = enabled.recovery_codes;
    expect(await call('listFactors', null, undefined, renewed)).toMatchObject({
      body: { recovery_codes: { left: 10 } },
    });
    const { body: asked } = await call('logIn', null, { email: newEmail, password });
    const factor = { second_factor_token: asked.second_factor_token, code: first };
    const { cookie: last } = await call('logInWithCode', null, factor);
    const { body: made } = await call('renewRecoveryCodes', null, { password, code: second }, last);
    expect(await call('disableTotp', null, { password, code: third }, last)).toMatchObject({ status: 401 });
    const disabled = { message: 'second factor disabled' };
    const [newCode] = made.recovery_codes;
    expect(await call('disableTotp', null, { password, code: newCode }, last)).toEqual(done(disabled));

    const deleted = { email: newEmail, message: 'account deleted' };
    expect(await call('deleteAccount', null, { password }, last)).toEqual(done(deleted));
    expect(await call('logIn', null, { email: newEmail, password })).toMatchObject({ status: 401 });
    expect(await call('getHealth')).toEqual(done({ status: 'ok' }));
    expect(await call('getReadiness')).toEqual(done({ status: 'ready' }));
  });
});
