/** @typedef {import('./screen.mjs').Film} Film */
/** @typedef {import('./screen.mjs').Shown} Shown */

const cell = { width: 8.4, height: 20 };
const fontSize = 14;
/** Of a line, from its top. */
const baseline = 14.5;
const padding = { x: 18, top: 46, bottom: 16 };
const fonts = "ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono','Liberation Mono',monospace";

/** The colours 0 to 7 of a terminal, of text and of dim text: those of GitHub's dark theme, which stand on any page. */
export const palette = [
  '#484f58',
  '#ff7b72',
  '#3fb950',
  '#e3b341',
  '#58a6ff',
  '#bc8cff',
  '#39c5cf',
  '#b1bac4',
  '#e6edf3',
  '#8b949e',
];
const background = '#0d1117';
const frame = '#30363d';

/**
 * Draws a session as an SVG that plays by itself, over and over, also as an image on a page. Who asked for less motion, and what knows no motion, gets the end of it.
 *
 * @param {Film} film
 * @param {{ cols: number, rows: number, title: string }} terminal
 */
export function draw({ shown, cursors, seconds }, { cols, rows, title }) {
  const width = Math.ceil(cols * cell.width + 2 * padding.x);
  const height = rows * cell.height + padding.top + padding.bottom;
  const percent = (/** @type {number} */ at) => `${Number(((100 * at) / seconds).toFixed(3))}%`;
  const animation = `${Number(seconds.toFixed(2))}s step-end infinite`;

  const lines = shown.map((one, index) => drawLine(one, `l${index}`, seconds));
  const keyframes = shown.map(({ from, until }, index) => {
    const end = until < seconds ? `${percent(until)}{visibility:hidden}` : '';
    return `@keyframes l${index}{0%{visibility:hidden}${percent(from)}{visibility:visible}${end}}`;
  });
  const timing = shown.map((_, index) => `#l${index}{animation:l${index} ${animation}}`);
  const last = cursors.at(-1) ?? { line: 0, column: 0, top: 0, visible: true };
  const place = (/** @type {{ line: number, column: number }} */ { line, column }) =>
    `transform:translate(${Number((column * cell.width).toFixed(1))}px,${line * cell.height}px)`;
  const moves = cursors.map(
    (cursor) => `${percent(cursor.seconds)}{${place(cursor)};visibility:${cursor.visible ? 'visible' : 'hidden'}}`,
  );
  const scroll = (/** @type {{ top: number }} */ { top }) => `transform:translateY(${-top * cell.height}px)`;
  const scrolls = cursors.filter(({ top }, index) => top !== cursors[index - 1]?.top);

  return `<svg xmlns="http://www.w3.org/2000/svg" xml:space="preserve" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${title}">
<style>
text{font:${fontSize}px ${fonts};white-space:pre}
.b{font-weight:700}
#cursor{${place(last)};animation:cursor ${animation}}
#page{${scroll(last)};animation:page ${animation}}
@keyframes cursor{${moves.join('')}}
@keyframes page{0%{transform:none}${scrolls.map((one) => `${percent(one.seconds)}{${scroll(one)}}`).join('')}}
${keyframes.join('\n')}
${timing.join('\n')}
@media (prefers-reduced-motion:reduce){*{animation:none!important}}
</style>
<clipPath id="screen"><rect width="${width}" height="${rows * cell.height}"/></clipPath>
<rect x=".5" y=".5" width="${width - 1}" height="${height - 1}" rx="10" fill="${background}" stroke="${frame}"/>
<circle cx="22" cy="21" r="6" fill="#ff5f57"/><circle cx="42" cy="21" r="6" fill="#febc2e"/><circle cx="62" cy="21" r="6" fill="#28c840"/>
<g transform="translate(${padding.x} ${padding.top})" clip-path="url(#screen)"><g id="page">
${lines.join('\n')}
<rect id="cursor" y="1.5" width="${cell.width}" height="${cell.height - 3}" fill="${palette[8]}" opacity=".7"/>
</g></g>
</svg>
`;
}

/**
 * @param {Shown} shown
 * @param {string} id
 * @param {number} seconds
 */
function drawLine({ line, runs, until }, id, seconds) {
  const y = line * cell.height + baseline;
  const texts = runs.map(({ text, column, color, bold }) => {
    const x = Number((column * cell.width).toFixed(1));
    // Whatever font there is, the columns stand one beneath the other.
    const length = Number(([...text].length * cell.width).toFixed(1));
    const look = `${bold ? ' class="b"' : ''} fill="${color}"`;
    return `<text x="${x}" y="${y}" textLength="${length}" lengthAdjust="spacingAndGlyphs"${look}>${escapeXml(text)}</text>`;
  });
  return `<g id="${id}"${until < seconds ? ' visibility="hidden"' : ''}>${texts.join('')}</g>`;
}

/** @param {string} text */
function escapeXml(text) {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}
