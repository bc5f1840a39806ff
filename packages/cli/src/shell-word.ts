/** A text as bash and zsh take it for one word, whatever it holds. */
export function singleQuoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/** The same, in quotes only where it needs them. */
export function shellWord(text: string): string {
  return /^[\w./@%+:,-]+$/.test(text) ? text : singleQuoted(text);
}
