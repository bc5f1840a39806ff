import { findPortHolder } from './port-holder.ts';

const ANSWER_MS = 1000;

/** Says in words who listens on a taken port, as far as that can be known. */
export async function describePortHolder(url: string, port: number): Promise<string> {
  const holder = findPortHolder(port);
  const name = (await isAuthsvc(url)) ? 'another authsvc' : (holder?.name ?? 'another program');
  return holder ? `${name} (pid ${holder.pid})` : name;
}

async function isAuthsvc(url: string): Promise<boolean> {
  try {
    const reply = await fetch(url, { signal: AbortSignal.timeout(ANSWER_MS), redirect: 'manual' });
    const body = (await reply.json()) as { name?: unknown };
    return body.name === 'authsvc';
  } catch {
    return false;
  }
}
