import type { InjectOptions, LightMyRequestResponse } from 'fastify';

export type Fields = Readonly<Record<string, string>>;

export const JSON_TYPE = { 'content-type': 'application/json' };
export const FORM_TYPE = { 'content-type': 'application/x-www-form-urlencoded' };

/** The two ways in which a body can come. */
export const encodings = {
  json: (fields: Fields) => ({ payload: JSON.stringify(fields), headers: JSON_TYPE }),
  form: (fields: Fields) => ({ payload: new URLSearchParams(fields).toString(), headers: FORM_TYPE }),
};

/** A POST of exactly these bytes. */
export function post(
  payload: string | Buffer,
  headers: Readonly<Record<string, string>> = JSON_TYPE,
  url = '/users',
): InjectOptions {
  return { method: 'POST', url, payload, headers };
}

export function json(body: unknown, url?: string): InjectOptions {
  return post(JSON.stringify(body), JSON_TYPE, url);
}

export function form(text: string, url?: string): InjectOptions {
  return post(text, FORM_TYPE, url);
}

/** An answer as far as the contract speaks of it. */
export function answer(response: LightMyRequestResponse) {
  return { status: response.statusCode, body: response.json() };
}

export function refused(status: number, code: string, message: string) {
  return { status, body: { code, message } };
}

/** The refusal of fields: name and problem of each. */
export function invalid(...problems: [field: string, problem: string][]) {
  const errors = problems.map(([field, problem]) => ({ field, message: `${field} ${problem}` }));
  return {
    status: 400,
    body: { code: 'invalid_request', message: errors.map(({ message }) => message).join('; '), errors },
  };
}
