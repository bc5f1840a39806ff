import { singleQuoted } from '@authsvc/client/shell-command';
import type { CommandNode, OptionChoice } from './command-tree.ts';

/** Completion for bash 4 and newer; the package bash-completion is not needed. */
export function bashCompletion(program: string, nodes: readonly CommandNode[]): string {
  const paths = nodes.filter(({ path }) => path.length > 0).map(({ path }) => singleQuoted(` ${path.join(' ')}`));
  const takingValues = optionsTakingValues(nodes);
  return `# Completion of ${program} for bash. Load it with: source <(${program} completion bash)
_${program}() {
  local word=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD - 1]} place= commands= options= i
  # Bash takes --option=value for three words.
  if [[ $word == = ]]; then
    word=
  elif [[ $before == = ]]; then
    before=\${COMP_WORDS[COMP_CWORD - 2]}
  fi
  for ((i = 1; i < COMP_CWORD; i++)); do
    if [[ \${COMP_WORDS[i]} == -- ]]; then
      # What follows is a command of its own.
      if ((i + 1 == COMP_CWORD)); then COMPREPLY=($(compgen -c -- "$word")); else COMPREPLY=($(compgen -f -- "$word")); fi
      return
    fi
    case \${COMP_WORDS[i - 1]} in
      ${takingValues.join('|')}) continue ;;
    esac
    case "$place \${COMP_WORDS[i]}" in
      ${paths.join('|')}) place+=" \${COMP_WORDS[i]}" ;;
    esac
  done
  case "$place $before" in
${valueCases(nodes)}
  esac
  case $before in
    ${takingValues.join('|')}) return ;;
  esac
  case $place in
${nodes.map(placeCase).join('\n')}
  esac
  if [[ $word == -* || -z $commands ]]; then commands=$options; fi
  COMPREPLY=($(compgen -W "$commands" -- "$word"))
}
complete -F _${program} ${program}
`;
}

function valueCases(nodes: readonly CommandNode[]): string {
  return nodes
    .flatMap(({ path, options }) =>
      options
        .filter(({ values }) => values.length > 0)
        .flatMap(({ names, values }) =>
          names.map((name) => {
            const place = singleQuoted([...path.map((word) => ` ${word}`), ` ${name}`].join(''));
            return `    ${place}) COMPREPLY=($(compgen -W ${singleQuoted(values.join(' '))} -- "$word")); return ;;`;
          }),
        ),
    )
    .join('\n');
}

function placeCase({ path, commands, words, options }: CommandNode): string {
  const place = singleQuoted(path.map((word) => ` ${word}`).join(''));
  const next = [...commands.map(({ name }) => name), ...words].join(' ');
  const flags = options.flatMap(({ names }) => names).join(' ');
  return `    ${place}) commands=${singleQuoted(next)} options=${singleQuoted(flags)} ;;`;
}

function optionsTakingValues(nodes: readonly CommandNode[]): string[] {
  const taking = nodes.flatMap(({ options }) => options).filter(({ value }) => value !== undefined);
  return [...new Set(taking.flatMap(({ names }) => names))];
}

/** Completion for zsh: to be sourced, or stored as `_authsvc` in a folder of `$fpath`. */
export function zshCompletion(program: string, nodes: readonly CommandNode[]): string {
  return `#compdef ${program}
# Completion of ${program} for zsh. Load it after compinit with: source <(${program} completion zsh)
compdef _${program} ${program}

${nodes.map((node) => functionOf(program, node)).join('\n\n')}

# As a file of $fpath it is the body of the function itself.
if [[ $funcstack[1] == _${program} ]]; then _${program} "$@"; fi
`;
}

function functionOf(program: string, { path, commands, options, words }: CommandNode): string {
  const name = nameOf(program, path);
  const specs = options.flatMap(optionSpecs).map(singleQuoted);
  if (commands.length === 0) {
    const rest = words.length > 0 ? [singleQuoted(`1:argument:(${words.join(' ')})`)] : [];
    return `${name}() {\n  _arguments ${[...specs, ...rest, "'*::command:_normal'"].join(' \\\n    ')}\n}`;
  }
  const described = commands.map(
    (command) => `    ${singleQuoted(`${command.name.replaceAll(':', '\\:')}:${command.description}`)}`,
  );
  const cases = commands.map((command) => `      ${command.name}) ${nameOf(program, [...path, command.name])} ;;`);
  return `${name}() {
  local curcontext=$curcontext state line
  local -a commands
  commands=(
${described.join('\n')}
  )
  _arguments -C ${[...specs, "'1:command:->command'", "'*::argument:->argument'"].join(' \\\n    ')}
  case $state in
    command) _describe -t commands command commands ;;
    argument) case $line[1] in
${cases.join('\n')}
    esac ;;
  esac
}`;
}

function nameOf(program: string, path: readonly string[]): string {
  return ['', program, ...path].join('_');
}

function optionSpecs({ names, description, value, values }: OptionChoice): string[] {
  const others = names.length > 1 ? `(${names.join(' ')})` : '';
  const text = description.replace(/[\\[\]:]/g, '\\$&');
  const action = values.length > 0 ? `(${values.join(' ')})` : ' ';
  return names.map((name) => `${others}${name}[${text}]${value === undefined ? '' : `:${value}:${action}`}`);
}

/** Completion for fish 3 and newer. */
export function fishCompletion(program: string, nodes: readonly CommandNode[]): string {
  const paths = nodes.filter(({ path }) => path.length > 0).map(({ path }) => quoted(path.join(' ')));
  return `# Completion of ${program} for fish. Load it with: ${program} completion fish | source
function __${program}_at --description 'Whether the command line so far leads to this command'
  set -l place
  set -l before
  for word in (commandline -opc)[2..-1]
    if not contains -- "$before" ${optionsTakingValues(nodes).join(' ')}
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
