declare const madeByShell: unique symbol;

/**
 * A line to paste into bash or zsh. Only {@link shell} makes one, so that none is put together by
 * hand.
 */
export type ShellCommand = string & { readonly [madeByShell]: true };

/**
 * Tags a command that is shown for pasting: each value becomes exactly one word of it.
 *
 * A value that begins with a hyphen is joined to the option before it. Paths are passed absolute.
 */
export function shell(parts: TemplateStringsArray, ...values: readonly (string | number)[]): ShellCommand {
  let line = parts[0] ?? '';
  for (const [index, value] of values.entries()) {
    const text = String(value);
    if (text.startsWith('-')) line = line.replace(/(?<= --[a-z-]+) $/, '=');
    line += shellWord(text) + (parts[index + 1] ?? '');
  }
  return line as ShellCommand;
}

/** A command whose words are all given, each exactly one word of it. */
export function shellWords(...words: readonly string[]): ShellCommand {
  return words.map(shellWord).join(' ') as ShellCommand;
}

/** A text as bash and zsh take it for one word, in quotes only where it needs them. */
export function shellWord(text: string): string {
  if (/^[\w./@%+:,-]+$/.test(text)) return text;
  // A terminal would act on these, or hide them.
  return /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u.test(text) ? ansiQuoted(text) : singleQuoted(text);
}

/** The same, always in single quotes. */
export function singleQuoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

function ansiQuoted(text: string): string {
  const toBytes = (character: string) =>
    Array.from(new TextEncoder().encode(character), (byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join('');
  return `$'${text.replace(/[^\w./@%+:,-]/gu, toBytes)}'`;
}
