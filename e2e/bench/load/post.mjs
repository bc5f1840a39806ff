import { Agent } from 'node:http';
import { mustSend, send } from '../../support/http-client.mjs';

// Only with a timeout of its own does Node's client respect the server's. Without one, it now and
// then uses a connection just as the server closes it.
const agent = new Agent({ keepAlive: true, timeout: 60_000, maxSockets: Number.POSITIVE_INFINITY });

/**
 * Posts JSON over a connection that is kept.
 *
 * @param {string} url
 * @param {Record<string, string>} json
 */
export function post(url, json) {
  return sendJson('POST', url, json);
}

/**
 * Sends JSON over a connection that is kept.
 *
 * @param {string} method
 * @param {string} url
 * @param {Record<string, string>} json
 */
export function sendJson(method, url, json) {
  return send(url, method, { json, agent });
}

/**
 * Posts a form, as a page does.
 *
 * @param {string} url
 * @param {Record<string, string>} form
 */
export function postForm(url, form) {
  return send(url, 'POST', { form, agent });
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
