import type { Command, Option } from 'commander';

/** What can follow a command, or the program itself. */
export interface CommandNode {
  /** The words that lead here, without the name of the program; none for the program itself. */
  readonly path: readonly string[];
  readonly commands: readonly Choice[];
  /** Its own and those that every command takes. */
  readonly options: readonly OptionChoice[];
  /** The choices for its argument; empty if it takes none, or any text. */
  readonly words: readonly string[];
}

interface Choice {
  readonly name: string;
  readonly description: string;
}

export interface OptionChoice {
  /** As in `-f` and `--follow`, or one of them. */
  readonly names: readonly string[];
  readonly description: string;
  /** The name of its value, if it takes one. */
  readonly value: string | undefined;
  /** The choices for the value; empty if it can be any text. */
  readonly values: readonly string[];
}

/** Read a whole program: a node for itself, for each command and each of theirs, parents first. */
export function readCommandTree(program: Command): readonly CommandNode[] {
  return readNode(program, [], []);
}

function readNode(command: Command, path: readonly string[], inherited: readonly OptionChoice[]): CommandNode[] {
  const help = command.createHelp();
  const visible = help.visibleCommands(command);
  const own = help.visibleOptions(command).map(readOption);
  const options = [...own, ...inherited.filter(({ names }) => !own.some((option) => option.names[0] === names[0]))];
  const commands = visible.map((inner) => ({ name: inner.name(), description: help.subcommandDescription(inner) }));
  const node = { path, commands, options, words: command.registeredArguments.flatMap((one) => one.argChoices ?? []) };
  return [
    node,
    ...visible.flatMap((inner) => {
      const innerPath = [...path, inner.name()];
      // commander's own `help` takes the name of any other command.
      if (!command.commands.includes(inner)) {
        const words = commands.map(({ name }) => name).filter((name) => name !== inner.name());
        return [{ path: innerPath, commands: [], options: [], words }];
      }
      return readNode(inner, innerPath, options);
    }),
  ];
}

function readOption({ short, long, description, required, optional, argChoices, flags }: Option): OptionChoice {
  return {
    names: [short, long].filter((name) => name !== undefined),
    description,
    value: required || optional ? /[<[](.+?)[\]>]/.exec(flags)?.[1] : undefined,
    values: argChoices ?? [],
  };
}
