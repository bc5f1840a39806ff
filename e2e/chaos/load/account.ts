import { codeOf, exchange, type Incoming } from './exchange.ts';

export const password = 'correct horse battery';

/** Makes an account, logs in, and gives back the session's token. */
export async function openSession(url: string, email: string): Promise<string> {
  await must(exchange(url, { method: 'POST', path: '/users', body: { email, password } }));
  const { session } = await must(exchange(url, { method: 'POST', path: '/sessions', body: { email, password } }));
  if (session === undefined) throw new Error('no session came with a login');
  return session;
}

/** @throws unless the answer is 200. */
export async function must(answer: Promise<Incoming>): Promise<Incoming> {
  const incoming = await answer;
  if (incoming.status === 200) return incoming;
  throw new Error(`answered ${incoming.status} ${codeOf(incoming)}`);
}
