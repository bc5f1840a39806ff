/** @typedef {import('./play.mjs').Output} Output */
/** @typedef {{ text: string, column: number, color: string, bold: boolean }} Run characters of one look */
/** @typedef {{ line: number, runs: Run[], from: number, until: number }} Shown one state of one line, in seconds */
/** @typedef {{ seconds: number, line: number, column: number, visible: boolean, top: number }} Cursor and the first line on the screen */
/** @typedef {{ shown: Shown[], cursors: Cursor[], seconds: number }} Film */

/** Between two states there is time for a screen to show the first. */
const frameSeconds = 0.03;

/**
 * Lets a terminal emulator read a session, and notes what each line of it held from when until when. Lines are counted from the first one ever, so that scrolling changes no line.
 *
 * @param {any} emulator a `Terminal` of `@xterm/headless`
 * @param {readonly Output[]} outputs
 * @param {number} seconds how long it all takes
 * @param {readonly string[]} palette the colours 0 to 7, then the usual and the dim one of text
 * @returns {Promise<Film>}
 */
export async function film(emulator, outputs, seconds, palette) {
  /** @type {Map<number, Shown>} */
  const current = new Map();
  /** @type {Shown[]} */
  const shown = [];
  /** @type {Cursor[]} */
  const cursors = [];
  let visible = true;
  for (const [index, { seconds: at, data }] of outputs.entries()) {
    await new Promise((resolve) => emulator.write(data, () => resolve(undefined)));
    const [hidden, back] = [data.lastIndexOf('\u001b[?25l'), data.lastIndexOf('\u001b[?25h')];
    if (hidden !== back) visible = back > hidden;
    const next = outputs[index + 1];
    if (next && next.seconds - at < frameSeconds) continue;

    const buffer = emulator.buffer.active;
    for (let line = 0; line < buffer.length; line += 1) {
      const runs = runsOf(buffer.getLine(line), palette);
      const before = current.get(line);
      if (JSON.stringify(before?.runs ?? []) === JSON.stringify(runs)) continue;
      if (before) shown.push({ ...before, until: at });
      current.set(line, { line, runs, from: at, until: seconds });
    }
    cursors.push({
      seconds: at,
      line: buffer.baseY + buffer.cursorY,
      column: buffer.cursorX,
      visible,
      top: buffer.baseY,
    });
  }
  shown.push(...current.values());
  return { shown: shown.filter(({ runs }) => runs.length > 0), cursors, seconds };
}

/**
 * @param {any} line
 * @param {readonly string[]} palette
 * @returns {Run[]}
 */
function runsOf(line, palette) {
  /** @type {Run[]} */
  const runs = [];
  const [usual = '', dim = ''] = palette.slice(8);
  for (let column = 0; column < line.length; column += 1) {
    const cell = line.getCell(column);
    const text = cell.getChars() || ' ';
    const plain = cell.isDim() ? dim : usual;
    const color = cell.isFgPalette() ? (palette[cell.getFgColor() % 8] ?? plain) : plain;
    const bold = cell.isBold() !== 0;
    const run = runs.at(-1);
    if (run && run.color === color && run.bold === bold) run.text += text;
    else runs.push({ text, column, color, bold });
  }
  return runs
    .map((run) => ({ ...run, text: run.text.trimEnd() }))
    .filter(({ text }) => text !== '')
    .map(({ text, column, ...look }) => {
      const blank = text.length - text.trimStart().length;
      return { ...look, text: text.trimStart(), column: column + blank };
    });
}
