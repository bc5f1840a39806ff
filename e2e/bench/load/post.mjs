import { Agent, request } from 'node:http';
import { text } from 'node:stream/consumers';

// With a limit of its own, Node's client heeds the server's Keep-Alive; without, it now and then uses a connection at the moment at which the server closes it.
const agent = new Agent({ keepAlive: true, timeout: 60_000, maxSockets: Number.POSITIVE_INFINITY });

/**
 * @typedef {object} Answer
 * @property {number} status
 * @property {number | undefined} retryAfterSeconds
 * @property {string[]} cookies as `name=value`
 * @property {string} body
 */

/**
 * Posts JSON over a connection that is kept.
 *
 * @param {string} url
 * @param {Record<string, string>} body
 * @returns {Promise<Answer>}
 */
export function post(url, body) {
  const json = JSON.stringify(body);
  const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(json) };
  return new Promise((resolve, reject) => {
    const outgoing = request(url, { method: 'POST', agent, headers }, async (incoming) => {
      const retryAfter = incoming.headers['retry-after'];
      const cookies = (incoming.headers['set-cookie'] ?? []).map((cookie) => cookie.split(';', 1)[0] ?? '');
      try {
        resolve({
          status: incoming.statusCode ?? 0,
          retryAfterSeconds: retryAfter === undefined ? undefined : Number(retryAfter),
          cookies,
          body: await text(incoming),
        });
      } catch (error) {
        reject(error);
      }
    });
    outgoing.on('error', reject);
    outgoing.end(json);
  });
}

/**
 * Posts something that must work.
 *
 * @param {string} url
 * @param {Record<string, string>} body
 * @returns {Promise<Answer>}
 * @throws {Error} with the answer, when it is not 200
 */
export async function mustPost(url, body) {
  const answer = await post(url, body);
  if (answer.status !== 200) throw new Error(`${url} answered ${answer.status} ${answer.body}`);
  return answer;
}
