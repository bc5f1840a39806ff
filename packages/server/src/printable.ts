/** What moves a terminal's cursor, colours it, ends a line, or turns the text beside it around. */
const UNPRINTABLE = /[\p{Cc}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/gu;

/**
 * A text of a stranger, as it may be kept and shown: control characters and marks of direction are
 * replaced.
 */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, '\ufffd');
}

/** JSON that says the same to a program, and does nothing to a terminal. */
export function escapeJson(json: string): string {
  return json.replace(UNPRINTABLE, (character) =>
    character === '\n' ? character : `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
