import { AuthError } from '@authsvc/core';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { HttpError, MAX_FIELD_NAME_LENGTH } from './errors.ts';

/**
 * Accepts JSON and HTML forms in UTF-8, and no other body. Both become plain objects for the same
 * schemas.
 *
 * An empty JSON body is no body: clients send the header with a DELETE.
 */
export function addBodyParsers(server: FastifyInstance): void {
  server.removeAllContentTypeParsers();
  server.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body: Buffer, done) => {
    const text = decodeBody(request, body);
    done(null, text === '' ? undefined : parseJson(text));
  });
  server.addContentTypeParser(
    'application/x-www-form-urlencoded',
    { parseAs: 'buffer' },
    (request, body: Buffer, done) => {
      done(null, parseForm(decodeBody(request, body)));
    },
  );
}

function decodeBody({ headers }: FastifyRequest, body: Buffer): string {
  const [, charset = 'utf-8'] = /;\s*charset\s*=\s*"?([^\s;"]*)/i.exec(headers['content-type'] ?? '') ?? [];
  const encoding = headers['content-encoding'] ?? 'identity';
  if (!/^utf-?8$/i.test(charset)) throw new HttpError('unsupported_media_type', 'send the body in UTF-8');
  if (encoding !== 'identity') throw new HttpError('unsupported_media_type', 'send the body without Content-Encoding');
  try {
    // Lenient decoding would turn every wrong byte of a password into the same character.
    return new TextDecoder('utf-8', { fatal: true }).decode(body);
  } catch (cause) {
    throw new AuthError('invalid_request', { message: 'the body is not valid UTF-8', cause });
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // biome-ignore lint/style/useErrorCause: the parser's message quotes the body with passwords.
    throw new AuthError('invalid_request', { message: 'the body is not valid JSON' });
  }
}

function parseForm(text: string): Record<string, string> {
  if (/^\s*[{[]/.test(text)) {
    const message = 'the body looks like JSON but came as a form: send the header Content-Type: application/json';
    throw new AuthError('invalid_request', { message });
  }
  const fields = new Map<string, string>();
  for (const pair of text.split('&')) {
    if (pair === '') continue;
    const equals = pair.indexOf('=');
    const name = decodeFormText(equals === -1 ? pair : pair.slice(0, equals));
    const value = equals === -1 ? '' : decodeFormText(pair.slice(equals + 1));
    if (fields.has(name)) {
      const field = name.slice(0, MAX_FIELD_NAME_LENGTH);
      throw new AuthError('invalid_request', { field, message: `${field} came more than once` });
    }
    fields.set(name, value);
  }
  return Object.fromEntries(fields);
}

function decodeFormText(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch (cause) {
    const message = 'the form is not percent-encoded UTF-8: a % that stands for itself is sent as %25';
    throw new AuthError('invalid_request', { message, cause });
  }
}
