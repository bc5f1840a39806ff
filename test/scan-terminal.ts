import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Says why this machine has no camera for QR codes; undefined if it has one. */
export function findScannerObstacle(): string | undefined {
  return spawnSync('zbarimg', ['--version']).error === undefined ? undefined : 'zbarimg is missing (zbar-tools)';
}

const ARGS = ['--quiet', '--raw', '--nodbus', '-Sdisable', '-Sqrcode.enable'];
/** Pixels of the side of a module. */
const SCALE = 4;
const BLACK = 0;
const WHITE = 255;
/** Of the 256 colours. */
const SHADES: Readonly<Record<string, number>> = { '5;16': BLACK, '5;231': WHITE };
const ESC = '\u001b';
const TOKEN = new RegExp(`${ESC}\\[([\\d;]*)m|${ESC}\\[[?\\d;]*[A-Za-z]|[\\s\\S]`, 'gu');

/**
 * Draws what a terminal was sent, as blocks in their colours, and reads the QR code in the picture.
 *
 * @param theme what the terminal shows where no colour is set.
 * @throws when there is no QR code in it.
 */
export function scanTerminal(bytes: string, theme: 'dark' | 'light'): string {
  const folder = mkdtempSync(join(tmpdir(), 'authsvc-scan-'));
  try {
    const path = join(folder, 'screen.pgm');
    writeFileSync(path, draw(bytes, theme === 'dark' ? BLACK : WHITE));
    return execFileSync('zbarimg', ARGS.concat(path), { encoding: 'utf8' }).trimEnd();
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** A picture in PGM: two pixels, one above the other, for each character. */
function draw(bytes: string, background: number): Buffer {
  const rows: number[][] = [[], []];
  let ink = WHITE - background;
  let paper = background;
  for (const [token, colours] of bytes.matchAll(TOKEN)) {
    if (token === '\n') rows.push([], []);
    if (colours !== undefined) {
      const [, front] = /(?:^|;)38;(5;\d+)/.exec(colours) ?? [];
      const [, back] = /(?:^|;)48;(5;\d+)/.exec(colours) ?? [];
      ink = SHADES[front ?? ''] ?? WHITE - background;
      paper = SHADES[back ?? ''] ?? background;
    } else if (token.length === 1 && token >= ' ') {
      rows.at(-2)?.push(token === '█' || token === '▀' ? ink : paper);
      rows.at(-1)?.push(token === '█' || token === '▄' ? ink : paper);
    }
  }
  const width = SCALE * Math.max(...rows.map((row) => row.length));
  const pixels = rows.flatMap((row) => {
    const line = Array.from({ length: width }, (_, x) => row[Math.floor(x / SCALE)] ?? background);
    return Array.from({ length: SCALE }, () => line);
  });
  return Buffer.concat([Buffer.from(`P5 ${width} ${pixels.length} 255\n`), Buffer.from(pixels.flat())]);
}
