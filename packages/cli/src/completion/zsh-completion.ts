import { singleQuoted } from '@authsvc/client/shell-command';
import type { CommandNode, OptionChoice } from './command-tree.ts';

/** Writes the completion for zsh: to be sourced, or kept as `_authsvc` in a folder of `$fpath`. */
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
    (command) => `    ${singleQuoted(`${escapeColons(command.name)}:${command.description}`)}`,
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

function escapeColons(text: string): string {
  return text.replaceAll(':', '\\:');
}
