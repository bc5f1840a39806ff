import { html, type SafeHtml } from '@remix-run/html-template';
import { encode } from 'uqr';

/** Blank modules that a camera needs around the code. */
const QUIET = 4;

/** A QR code, black on white in light and dark: one line for each run of dark modules. */
export function qrCode(text: string, label: string): SafeHtml {
  const { data, size } = encode(text, { border: QUIET });
  const runs = data.flatMap((row, y) => runsOf(row).map(([x, length]) => `M${x} ${y}.5h${length}`));
  return html`<svg viewBox="0 0 ${size} ${size}" role="img" aria-label="${label}" shape-rendering="crispEdges"><path fill="#fff" d="M0 0h${size}v${size}H0z"/><path stroke="#000" d="${runs.join('')}"/></svg>`;
}

/** Where dark modules stand side by side. */
function runsOf(row: readonly boolean[]): [start: number, length: number][] {
  const runs: [number, number][] = [];
  for (const [x, isDark] of row.entries()) {
    const last = runs.at(-1);
    if (!isDark) continue;
    if (last && last[0] + last[1] === x) last[1] += 1;
    else runs.push([x, 1]);
  }
  return runs;
}
