import type { CommandNode, OptionChoice } from './command-tree.ts';

/** Writes the completion for fish 3 and newer. */
export function fishCompletion(program: string, nodes: readonly CommandNode[]): string {
  const paths = nodes.filter(({ path }) => path.length > 0).map(({ path }) => quoted(path.join(' ')));
  const options = nodes.flatMap((node) => node.options);
  const takingValues = new Set(options.filter(({ value }) => value !== undefined).flatMap(({ names }) => names));
  return `# Completion of ${program} for fish. Load it with: ${program} completion fish | source
function __${program}_at --description 'Whether the command line so far leads to this command'
  set -l place
  set -l before
  for word in (commandline -opc)[2..-1]
    if not contains -- "$before" ${[...takingValues].join(' ')}
      contains -- (string join ' ' -- $place $word) ${paths.join(' ')}; and set -a place $word
    end
    set before $word
  end
  test "$place" = "$argv"
end

complete -c ${program} -f
${nodes.flatMap((node) => linesOf(program, node)).join('\n')}
`;
}

function linesOf(program: string, { path, commands, options, words }: CommandNode): string[] {
  const start = `complete -c ${program} -n ${quoted(`__${program}_at ${path.join(' ')}`.trimEnd())}`;
  return [
    ...commands.map(({ name, description }) => `${start} -a ${name} -d ${quoted(description)}`),
    ...(words.length > 0 ? [`${start} -a ${quoted(words.join(' '))}`] : []),
    ...options.map((option) => `${start} ${flagsOf(option)} -d ${quoted(option.description)}`),
  ];
}

function flagsOf({ names, value, values }: OptionChoice): string {
  const flags = names.map((name) => (name.startsWith('--') ? `-l ${name.slice(2)}` : `-s ${name.slice(1)}`));
  const choices = values.length > 0 ? [`-a ${quoted(values.join(' '))}`] : [];
  return [...flags, ...(value === undefined ? [] : ['-x']), ...choices].join(' ');
}

/** In single quotes, where fish knows two escapes alone. */
function quoted(text: string): string {
  return `'${text.replace(/[\\']/g, '\\$&')}'`;
}
