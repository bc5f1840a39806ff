import { describe, expect } from 'vitest';
import { send } from '../support/http-client.mjs';
import { it } from '../support/journey.ts';

const json = { 'content-type': 'application/json' };

describe('the documented example', () => {
  it('works word for word, in the order in which it is written', async ({ daemon }) => {
    const call = (target: string, raw: string, session?: string) =>
      send(daemon.url, target, { raw, headers: json, session });

    const registered = await call(
      'POST /users',
      `{
  "email": "user@example.com",
  "password": "secure_password"
}`,
    );
    expect([registered.status, registered.body]).toEqual([200, { email: 'user@example.com', message: 'user created' }]);

    const loggedIn = await call(
      'POST /sessions',
      `{
  "email": "user@example.com",
  "password": "secure_password"
}`,
    );
    expect([loggedIn.status, loggedIn.body]).toEqual([200, { email: 'user@example.com', message: 'logged in' }]);

    const { session } = loggedIn;
    const profile = await send(daemon.url, 'GET /profile', { session });
    expect([profile.status, profile.body]).toEqual([200, { email: 'user@example.com' }]);
    const loggedOut = await send(daemon.url, 'DELETE /sessions', { session });
    expect([loggedOut.status, loggedOut.body]).toEqual([200, { message: 'logged out' }]);

    const requested = await call('POST /reset_password', '{\n  "email": "user@example.com"\n}');
    const reset_token = expect.stringMatching(/^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/);
    expect([requested.status, requested.body]).toEqual([200, { email: 'user@example.com', reset_token }]);

    const update = (token: string) =>
      call(
        'PUT /reset_password',
        `{
  "email": "user@example.com",
  "reset_token": "${token}",
  "new_password": "new_secure_password"
}`,
      );
    expect((await update('a4d19e2f-88f1-4bc4-89f7-7d39b98a3d44')).status).toBe(403);
    const updated = await update((requested.body as { reset_token: string }).reset_token);
    expect([updated.status, updated.body]).toEqual([200, { email: 'user@example.com', message: 'password updated' }]);
    const again = await call('POST /sessions', '{ "email": "user@example.com", "password": "new_secure_password" }');
    expect([again.status, again.body]).toEqual([200, { email: 'user@example.com', message: 'logged in' }]);
  });
});
