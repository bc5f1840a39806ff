import { Agent } from 'node:http';
import { mustSend, send } from '../../support/http-client.mjs';

// With a limit of its own, Node's client heeds the server's Keep-Alive; without, it now and then
// uses a connection at the moment at which the server closes it.
const agent = new Agent({ keepAlive: true, timeout: 60_000, maxSockets: Number.POSITIVE_INFINITY });

/**
 * Posts JSON over a connection that is kept.
 *
 * @param {string} url
 * @param {Record<string, string>} json
 */
export function post(url, json) {
  return send(url, 'POST', { json, agent });
}

/**
 * Posts something that must work.
 *
 * @param {string} url
 * @param {Record<string, string>} json
 */
export function mustPost(url, json) {
  return mustSend(url, 'POST', { json, agent });
}
