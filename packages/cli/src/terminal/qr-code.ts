/** Modules of light around the code, as the standard asks for. */
const QUIET_ZONE = 4;
/** Black and white of the 256 colours, which no theme changes. */
const BLACK_ON_WHITE = '\u001b[38;5;16;48;5;231m';
const RESET = '\u001b[0m';

/**
 * Draw a QR code for a terminal in colours: two rows of modules a line, dark on light in every
 * theme.
 *
 * @returns `undefined` where the terminal is too narrow.
 */
export async function drawQrCode(text: string, columns: number): Promise<string[] | undefined> {
  const { encode } = await import('uqr');
  const { data } = encode(text, { ecc: 'L', border: QUIET_ZONE });
  if (data.length > columns) return undefined;
  const lines: string[] = [];
  for (let row = 0; row < data.length; row += 2) {
    const upper = data[row] ?? [];
    const lower = data[row + 1] ?? [];
    const blocks = upper.map((isDark, column) => blockOf(isDark, lower[column] === true));
    lines.push(BLACK_ON_WHITE + blocks.join('') + RESET);
  }
  return lines;
}

function blockOf(upper: boolean, lower: boolean): string {
  if (upper) return lower ? '█' : '▀';
  return lower ? '▄' : ' ';
}
