/** The types of a JSON value's fields, so that two values of one shape are equal. */
export function shapeOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(shapeOf);
  if (typeof value !== 'object' || value === null) return typeof value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, shapeOf(inner)]));
}

/** The JSON values on a help page; a long one goes on in lines indented by one more. */
export function publishedIn(page: string): unknown[] {
  const texts = page.match(/^ {2}\{.*(\n {3}".*)*$/gm) ?? [];
  return texts.map((text): unknown => JSON.parse(text));
}
