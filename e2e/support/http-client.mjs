import { request as requestByHttp } from 'node:http';
import { request as requestByHttps } from 'node:https';
import { text } from 'node:stream/consumers';

/**
 * @typedef {object} Answer
 * @property {number} status
 * @property {import('node:http').IncomingHttpHeaders} headers
 * @property {string} text
 * @property {unknown} body the parsed JSON, or the text where it is not JSON
 * @property {string | undefined} code of the error, in a refusal
 * @property {readonly string[]} cookies every cookie that is set, as `name=value`
 * @property {string | undefined} session the token in the `Set-Cookie` header; empty when the
 * header clears it
 */

/**
 * @typedef {object} SendOptions
 * @property {unknown} [json]
 * @property {Readonly<Record<string, string>>} [form]
 * @property {string | Buffer} [raw] a body that is sent as it stands; its Content-Type goes into
 * `headers`
 * @property {import('node:http').OutgoingHttpHeaders} [headers]
 * @property {string | undefined} [session] a token, sent as the cookie
 * @property {string} [cookieName] `session_id` by default
 * @property {() => void} [onSent] called once the whole request has been handed to the network
 * @property {string} [from] one of this machine's addresses; on Linux every address in 127.0.0.0/8
 * is
 * @property {import('node:http').Agent | false} [agent] whose connections are used; without one, a
 * connection of its own
 * @property {string} [authority] in PEM, that vouches for an https server
 */

const sessionCookie = /^(__Host-)?session_id=/;

/**
 * Sends one request.
 *
 * @param {string} to the URL of a server, or the path of a Unix socket
 * @param {string} target a method and a path, as in `GET /profile`; without a path, that of the URL
 * @param {SendOptions} [options]
 * @returns {Promise<Answer>}
 */
export function send(to, target, options = {}) {
  const [method = '', path = ''] = target.split(' ');
  const { session, cookieName = 'session_id', from, authority: ca, agent = false } = options;
  const { body, contentType } = encode(options);
  const headers = {
    ...(contentType && { 'content-type': contentType }),
    ...(body !== undefined && { 'content-length': Buffer.byteLength(body) }),
    ...(session !== undefined && { cookie: `${cookieName}=${session}` }),
    ...options.headers,
  };
  const isSocket = to.startsWith('/');
  const url = new URL(path, isSocket ? 'http://localhost' : to);
  const where = {
    ...(isSocket && { socketPath: to }),
    ...(from !== undefined && { localAddress: from, family: 4 }),
  };
  const request = url.protocol === 'https:' ? requestByHttps : requestByHttp;
  return new Promise((resolve, reject) => {
    const outgoing = request(url, { method, headers, agent, ca, ...where }, (incoming) => {
      text(incoming).then((answered) => {
        const cookies = (incoming.headers['set-cookie'] ?? []).map((cookie) => cookie.split(';', 1)[0] ?? '');
        const parsed = parse(answered);
        resolve({
          status: incoming.statusCode ?? 0,
          headers: incoming.headers,
          text: answered,
          body: parsed,
          code: parsed?.code,
          cookies,
          session: cookies.find((cookie) => sessionCookie.test(cookie))?.replace(sessionCookie, ''),
        });
      }, reject);
    });
    outgoing.on('error', reject);
    outgoing.on('finish', () => options.onSent?.());
    outgoing.end(body);
  });
}

/**
 * Sends a request that must be answered with 200.
 *
 * @type {typeof send}
 * @throws {Error} with the answer, when it is another
 */
export async function mustSend(to, target, options) {
  const answer = await send(to, target, options);
  if (answer.status === 200) return answer;
  throw new Error(`${to} ${target} was answered ${answer.status} ${answer.text}`);
}

/**
 * @param {SendOptions} options
 * @returns {{ body?: string | Buffer, contentType?: string }}
 */
function encode({ json, form, raw }) {
  if (json !== undefined) return { body: JSON.stringify(json), contentType: 'application/json' };
  if (form) return { body: new URLSearchParams(form).toString(), contentType: 'application/x-www-form-urlencoded' };
  return raw === undefined ? {} : { body: raw };
}

/** @param {string} answered */
function parse(answered) {
  try {
    return JSON.parse(answered);
  } catch {
    return answered;
  }
}
