import { singleQuoted } from '@authsvc/client/shell-command';
import type { CommandNode } from './command-tree.ts';

/** Writes the completion for bash 4 and newer, on its own: the package bash-completion is not needed. */
export function bashCompletion(program: string, nodes: readonly CommandNode[]): string {
  const paths = nodes.filter(({ path }) => path.length > 0).map(({ path }) => singleQuoted(` ${path.join(' ')}`));
  const options = nodes.flatMap((node) => node.options);
  const takingValues = unique(options.filter(({ value }) => value !== undefined).flatMap(({ names }) => names));
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

function unique(texts: readonly string[]): string[] {
  return [...new Set(texts)];
}
