import { describe, expect } from 'vitest';
import { startDaemon } from '../support/daemon.ts';
import { send } from '../support/http-client.mjs';
import { it, serve } from '../support/journey.ts';
import { runAuthsvc } from '../support/run-authsvc.ts';

const credentials = { email: 'ada@example.com', password: 'correct horse battery' };

describe('a restart', () => {
  it.for(['SIGTERM', 'SIGINT', 'SIGKILL'] as const)(
    'after %s keeps users, sessions and reset tokens',
    async (signal, { home }) => {
      const before = await startDaemon({ home });
      await send(before.url, 'POST /users', { json: credentials });
      const { session } = await send(before.url, 'POST /sessions', { json: credentials });
      const ended = await send(before.url, 'POST /sessions', { json: credentials });
      await send(before.url, 'DELETE /sessions', { session: ended.session });
      const { body } = await send(before.url, 'POST /reset_password', { json: { email: credentials.email } });
      const end = await before.stop(signal);
      expect(end).toEqual(signal === 'SIGKILL' ? { exitCode: undefined, signal } : { exitCode: 0, signal: undefined });

      const after = await serve(home);
      const profile = await send(after.url, 'GET /profile', { session });
      expect([profile.status, profile.body]).toEqual([200, { email: credentials.email }]);
      expect((await send(after.url, 'GET /profile', { session: ended.session })).status).toBe(403);
      expect((await send(after.url, 'POST /sessions', { json: credentials })).status).toBe(200);
      const reset = { ...(body as { email: string; reset_token: string }), new_password: 'staple after staple' };
      expect((await send(after.url, 'PUT /reset_password', { json: reset })).status).toBe(200);
    },
  );
});

describe('a second daemon on the same data folder', () => {
  it('says who holds it, and leaves the first one alone', async ({ daemon, home }) => {
    const env = { AUTHSVC_DATA_DIR: daemon.dataFolder, AUTHSVC_LISTEN_PORT: '0' };
    const { exitCode, stdout, stderr } = await runAuthsvc(['serve'], { home, env });
    expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: '' });
    expect(stderr).toContain(String(daemon.pid));
    expect((await send(daemon.url, 'GET /health')).status).toBe(200);
  });
});
