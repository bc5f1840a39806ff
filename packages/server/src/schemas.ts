import type { CredentialsBody, PasswordResetBody, ResetRequestBody } from './contract.ts';

/** Lengths are counted in code points. What the rules say of an email or a password is said by the rules; these bounds keep their work small. */
interface TextSchema {
  readonly type: 'string';
  readonly minLength: number;
  readonly maxLength: number;
}

function text(maxLength: number): TextSchema {
  return { type: 'string', minLength: 1, maxLength };
}

const email = text(254);
const password = text(1024);

function bodySchema<Body>(properties: Record<keyof Body, TextSchema>) {
  return { type: 'object', properties, required: Object.keys(properties), additionalProperties: false };
}

export const credentialsSchema = bodySchema<CredentialsBody>({ email, password });
export const resetRequestSchema = bodySchema<ResetRequestBody>({ email });
export const passwordResetSchema = bodySchema<PasswordResetBody>({
  email,
  reset_token: text(128),
  new_password: password,
});

/** The success body of a route: these keys, all of them text, and never another. */
export function answerSchema<Body>(...keys: (keyof Body & string)[]) {
  const properties = Object.fromEntries(keys.map((key) => [key, { type: 'string' }]));
  return { 200: { type: 'object', properties, additionalProperties: false } };
}
