import type { Answer } from '../support/http-client.mjs';

/**
 * Send a request until the hashing queue has room: one that was refused untried has neither won nor
 * lost.
 */
export async function repeatWhileBusy(request: () => Promise<Answer>): Promise<Answer> {
  for (;;) {
    const answer = await request();
    if (answer.code !== 'overloaded') return answer;
  }
}
