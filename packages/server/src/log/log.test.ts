import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { encodings, form, json, post } from '../testing/requests.ts';
import { createTestServer, type TestServer } from '../testing/test-server.ts';
import { createLog } from './log.ts';

const credentials = { email: 'user@example.com', password: 'secure_password' };

describe('the log, at level trace', () => {
  let test: TestServer;

  beforeEach(async () => {
    test = await createTestServer();
    await test.server.inject({ method: 'POST', url: '/users', ...encodings.json(credentials) });
  });
  afterEach(() => test.close());

  it('holds no secret of a whole journey', async () => {
    const newPassword = 'new_secure_password';
    const logIn = await test.server.inject({ method: 'POST', url: '/sessions', ...encodings.form(credentials) });
    const [cookie = ''] = String(logIn.headers['set-cookie']).split(';', 1);
    const reset = await test.server.inject(json({ email: credentials.email }, '/reset_password'));
    const { reset_token: resetToken } = reset.json();
    const fields = { email: credentials.email, reset_token: resetToken, new_password: newPassword };
    await test.server.inject({ method: 'PUT', url: '/reset_password', ...encodings.json(fields) });
    const profile = await test.server.inject({ url: `/profile?token=${resetToken}`, headers: { cookie } });

    expect(profile.statusCode).toBe(403);
    const log = test.logLines.join('');
    expect(log).toContain('"route":"/profile","status":403');
    for (const secret of [
      credentials.password,
      newPassword,
      resetToken,
      cookie.slice('session_id='.length),
      credentials.email,
    ]) {
      expect(log).not.toContain(secret);
    }
  });

  it('holds nothing that a terminal obeys, and says the same to a program', () => {
    const lines: string[] = [];
    const log = createLog('info', { write: (line) => lines.push(line) }, { now: () => 0 });
    const text = 'a\u0000\u001b\u007f\u0080\u009b\u2028\u202e\u2069b';
    log.warn({ user_agent: text }, text);
    expect(lines.join('')).toMatch(/^[\x20-\x7e]+\n$/);
    expect(JSON.parse(lines.join(''))).toMatchObject({ user_agent: text, message: text });
  });

  it.each([
    ['JSON that cannot be read', post('{"password":"planted_canary')],
    ['fields that are refused', json({ email: 1, password: 'planted_canary', planted_canary: 1 })],
    ['a form that cannot be read', form('password=planted_canary%')],
    ['a path that does not exist', post('x', {}, '/planted_canary')],
  ])('holds nothing of %s', async (_what, request) => {
    const response = await test.server.inject(request);
    expect(response.statusCode).toBeGreaterThanOrEqual(400);
    expect(test.logLines.join('')).toContain('request refused');
    expect(test.logLines.join('')).not.toContain('planted_canary');
  });
});
