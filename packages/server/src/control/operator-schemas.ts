/** Without NUL, which PostgreSQL has in no text. */
const text = { type: 'string', minLength: 1, maxLength: 1024, pattern: '^[^\\u0000]*$' };

/** An account, named by its address: in a body or a query. */
export const emailSchema = {
  type: 'object',
  properties: { email: text },
  required: ['email'],
  additionalProperties: false,
};

/** A role for an account; what a role looks like is said by the rules. */
export const roleSchema = {
  type: 'object',
  properties: { email: text, role: text },
  required: ['email', 'role'],
  additionalProperties: false,
};

/** A query for a page: `limit` up to 1,000, and what else may narrow it. */
export function pageSchema(...names: string[]) {
  const limit = { type: 'string', pattern: '^([1-9]\\d{0,2}|1000)$' };
  const properties = { limit, ...Object.fromEntries(names.map((name) => [name, text])) };
  return { type: 'object', properties, additionalProperties: false };
}

export const backupSchema = {
  type: 'object',
  properties: { path: { type: 'string', pattern: '^(/|[A-Za-z]:[\\\\/])[^\\0]*$', maxLength: 4096 } },
  required: ['path'],
  additionalProperties: false,
};
