import type {
  CredentialsBody,
  DeleteAccountBody,
  EmailChangeBody,
  PasswordChangeBody,
  PasswordResetBody,
  ResetRequestBody,
} from './endpoints.ts';

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
export const passwordChangeSchema = bodySchema<PasswordChangeBody>({
  current_password: password,
  new_password: password,
});
export const emailChangeSchema = bodySchema<EmailChangeBody>({ password, new_email: email });
export const deleteAccountSchema = bodySchema<DeleteAccountBody>({ password });

export const sessionIdSchema = {
  type: 'object',
  properties: { id: text(64) },
  required: ['id'],
  additionalProperties: false,
};

const time = { type: 'string', format: 'date-time' };
export const sessionsSchema = objectSchema({
  sessions: {
    type: 'array',
    items: objectSchema({
      id: { type: 'string', format: 'uuid' },
      created_at: time,
      last_used_at: time,
      address: { type: 'string' },
      user_agent: { type: ['string', 'null'] },
      current: { type: 'boolean' },
    }),
  },
});
export const whoamiSchema = objectSchema({
  user: objectSchema({
    id: { type: 'string', format: 'uuid' },
    email: { type: 'string' },
    email_verified: { type: 'boolean' },
    role: { type: 'string' },
    created_at: time,
  }),
  session: objectSchema({
    id: { type: 'string', format: 'uuid' },
    created_at: time,
    expires_at: time,
    methods: { type: 'array', items: { type: 'string' } },
  }),
  token: { type: 'null' },
});
export const otherSessionsEndedSchema = objectSchema({ message: { type: 'string' }, ended: { type: 'integer' } });

function objectSchema(properties: Record<string, object>) {
  return { type: 'object', properties, required: Object.keys(properties), additionalProperties: false };
}

/** The success body of a route: these keys, all of them text, and never another. */
export function answerSchema<Body>(...keys: (keyof Body & string)[]) {
  const properties = Object.fromEntries(keys.map((key) => [key, { type: 'string' }]));
  return { 200: { type: 'object', properties, additionalProperties: false } };
}
