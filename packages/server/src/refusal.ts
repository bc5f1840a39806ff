import { type ErrorBody, type FieldError, statusOf, type WireErrorCode } from '@authsvc/client/contract';
import { AuthError, type AuthErrorCode } from '@authsvc/core';
import type { FastifyError } from 'fastify';
import { describeInvalidFields } from './field-errors.ts';
import { HttpError } from './http-error.ts';

// Every refusal of the rules has a status.
statusOf satisfies Record<AuthErrorCode, number>;

/** An answer that refuses. */
export interface Refusal {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: ErrorBody;
}

/**
 * Turns whatever was thrown into what the client is told: a refusal in its own words, and of anything unforeseen nothing but `internal`.
 */
export function refusalOf(error: unknown): Refusal {
  if (error instanceof AuthError) {
    const { code, message, field, retryAfterSeconds } = error;
    const errors = code === 'invalid_request' && field ? [{ field, message }] : undefined;
    return refuse(code, message, retryAfter(code, retryAfterSeconds), errors);
  }
  if (error instanceof HttpError) return refuse(error.code, error.message, error.headers);
  if (error instanceof Error) return refusalOfFastify(error as Partial<FastifyError>);
  return internal();
}

function refusalOfFastify({ code, statusCode = 500, validation }: Partial<FastifyError>): Refusal {
  if (validation) {
    const errors = describeInvalidFields(validation);
    const message = errors.map((fieldError) => fieldError.message).join('; ');
    if (errors.length > 0) return refuse('invalid_request', message, {}, errors);
    return refuse('invalid_request', 'the request needs a body: a JSON object, or a form');
  }
  switch (code) {
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
      return refuse('payload_too_large', 'the body is too large: at most 16 KiB');
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
      return refuse(
        'unsupported_media_type',
        'send the body as application/json or application/x-www-form-urlencoded, and say which in Content-Type',
      );
    case 'FST_ERR_CTP_INVALID_CONTENT_LENGTH':
      return refuse('invalid_request', 'the body is not as long as Content-Length says');
    case 'FST_ERR_BAD_URL':
      return refuse('invalid_request', 'the path is not percent-encoded as it must be');
    default:
      return statusCode >= 400 && statusCode < 500 ? refuse('invalid_request', 'the request is not valid') : internal();
  }
}

function retryAfter(code: AuthErrorCode, seconds = 1): Record<string, string> {
  const isPassing = statusOf[code] === 503 || statusOf[code] === 429;
  return isPassing ? { 'retry-after': String(seconds) } : {};
}

function internal(): Refusal {
  return refuse('internal', 'something went wrong on the server; its log says what');
}

/** A refusal with a code and a message. */
export function refuse(
  code: WireErrorCode,
  message: string,
  headers: Readonly<Record<string, string>> = {},
  errors?: readonly FieldError[],
): Refusal {
  return { status: statusOf[code], headers, body: { code, message, ...(errors && { errors }) } };
}
