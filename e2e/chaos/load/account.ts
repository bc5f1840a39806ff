import { mustSend } from '../../support/http-client.mjs';

export const password = 'correct horse battery';

/** Makes an account, logs in, and gives back the session's token. */
export async function openSession(url: string, email: string): Promise<string> {
  await mustSend(url, 'POST /users', { json: { email, password } });
  const { session } = await mustSend(url, 'POST /sessions', { json: { email, password } });
  if (session === undefined) throw new Error('no session came with a login');
  return session;
}
