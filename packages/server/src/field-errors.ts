import type { FieldError } from '@authsvc/client/contract';
import type { FastifyError } from 'fastify';

type SchemaErrors = NonNullable<FastifyError['validation']>;
type SchemaError = SchemaErrors[number];

const MAX_FIELD_ERRORS = 10;
/** As much of a name that a client made up as it is told again. */
export const MAX_FIELD_NAME_LENGTH = 64;

/** Says of each field that fails its schema what is wrong with it; nothing when it is the body as a whole. */
export function describeInvalidFields(errors: SchemaErrors): FieldError[] {
  return errors.slice(0, MAX_FIELD_ERRORS).flatMap((error) => {
    const field = fieldOf(error).slice(0, MAX_FIELD_NAME_LENGTH);
    return field ? [{ field, message: `${field} ${problemOf(error)}` }] : [];
  });
}

function fieldOf({ instancePath, params }: SchemaError): string {
  return String(params.missingProperty ?? params.additionalProperty ?? instancePath.slice(1));
}

function problemOf({ keyword, params, message }: SchemaError): string {
  switch (keyword) {
    case 'required':
      return 'is required';
    case 'additionalProperties':
      return 'is not a known field';
    case 'type':
      return 'must be a string';
    case 'minLength':
      return 'must not be empty';
    case 'maxLength':
      return `must be at most ${params.limit} characters`;
    default:
      return message ?? 'is not valid';
  }
}
