import type { ShellCommand } from '@authsvc/client/shell-command';

type Brush = (text: string) => string;

/** How a text is coloured, or left alone. */
export interface Paint {
  readonly enabled: boolean;
  readonly green: Brush;
  readonly red: Brush;
  readonly yellow: Brush;
  /** Of commands to paste, and of nothing else. */
  readonly cyan: (command: ShellCommand) => string;
  readonly blue: Brush;
  readonly bold: Brush;
  readonly dim: Brush;
}

interface PaintFacts {
  readonly isTTY: boolean;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** `false` after `--no-color`. */
  readonly color: boolean;
}

const leaveAlone: Brush = (text) => text;
const plain: Paint = {
  enabled: false,
  green: leaveAlone,
  red: leaveAlone,
  yellow: leaveAlone,
  cyan: leaveAlone,
  blue: leaveAlone,
  bold: leaveAlone,
  dim: leaveAlone,
};

/**
 * Load the colours for one stream; where there are none, nothing is loaded.
 *
 * @see https://no-color.org (chalk itself does not look at NO_COLOR)
 */
export async function loadPaint({ isTTY, env, color }: PaintFacts): Promise<Paint> {
  if (!isTTY || !color || env.NO_COLOR || env.TERM === 'dumb') return plain;
  const { Chalk } = await import('chalk');
  const { green, red, yellow, cyan, blue, bold, dim } = new Chalk({ level: 1 });
  return { enabled: true, green, red, yellow, cyan, blue, bold, dim };
}
