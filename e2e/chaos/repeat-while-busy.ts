import type { Answer } from '../support/http-client.mjs';

/** Sends a request until the hashers have room for it: whoever is sent away before anything was tried has neither won nor lost. */
export async function repeatWhileBusy(request: () => Promise<Answer>): Promise<Answer> {
  for (;;) {
    const answer = await request();
    if (answer.code !== 'overloaded') return answer;
  }
}
