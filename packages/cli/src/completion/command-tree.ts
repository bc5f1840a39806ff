import type { Command, Option } from 'commander';

/** What can follow a command, or the program itself. */
export interface CommandNode {
  /** The words that lead here, without the name of the program; none for the program itself. */
  readonly path: readonly string[];
  readonly commands: readonly Choice[];
  /** Its own and those that every command takes. */
  readonly options: readonly OptionChoice[];
  /** The words that its argument can be; none where it takes none, or any. */
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
  /** What the value is called, where it takes one. */
  readonly value: string | undefined;
  /** The words that the value can be; none where it can be any. */
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
