import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { median } from '../support/statistics.mjs';
import { formatFigure } from './table.mjs';

/** @typedef {import('./rounds.mjs').Row} Row */
/**
 * @typedef {{ machine: { cores: number, cpu: string, node: string }, load: string, rounds: number,
 * scenarios: { rows: Row[] }[] }} Results
 */

/**
 * The panels of the chart: the rows that stand against each other, and what each is called. A
 * ceiling is what no service can pass.
 */
const panels = [
  {
    title: 'Session checks per second',
    note: '16 connections',
    bars: [
      { id: 'checks/16/authsvc', name: 'authsvc', kind: 'ours' },
      { id: 'checks/16/better-auth-cached', name: 'better-auth, cookie cache', kind: 'theirs' },
      { id: 'checks/16/better-auth', name: 'better-auth', kind: 'theirs' },
      { id: 'checks/16/bare-fastify', name: 'bare Fastify route', kind: 'ceiling' },
    ],
  },
  {
    title: 'Session checks per second, while 16 logins are in flight',
    note: '4 connections',
    bars: [
      { id: 'storm/16/authsvc', name: 'authsvc', kind: 'ours' },
      { id: 'storm/16/better-auth', name: 'better-auth', kind: 'theirs' },
      { id: 'storm/0/authsvc', name: 'authsvc, no logins', kind: 'ceiling' },
    ],
  },
  {
    title: 'Logins per second, bcrypt cost 12',
    note: '4 in flight, and 200',
    bars: [
      { id: 'logins/authsvc', name: 'authsvc', kind: 'ours' },
      { id: 'overload/patient', name: 'authsvc, 200 in flight', kind: 'ours' },
      { id: 'logins/raw-bcrypt', name: 'raw bcrypt, every core', kind: 'ceiling' },
    ],
  },
];

const width = 760;
const barsFrom = 210;
const barsTo = width - 110;
const barHeight = 18;
const barStep = 26;
const panelHead = 34;
const panelGap = 22;
const margin = 20;

/**
 * Draws the chart of README and docs/benchmarks.md, for light and dark pages.
 *
 * @param {Results} results
 * @returns {string} SVG
 */
export function drawChart(results) {
  const { machine, load, rounds } = results;
  let y = margin;
  const drawn = measuredPanels(results).flatMap(({ title, note, measured }) => {
    const most = Math.max(...measured.map(({ value }) => value));
    const top = y;
    y += panelHead + measured.length * barStep + panelGap;
    return [
      `<text class="title" x="${margin}" y="${top + 16}">${title}<tspan class="note" dx="8">${note}</tspan></text>`,
      ...measured.map((bar, index) => drawBar(bar, most, top + panelHead + index * barStep)),
    ];
  });
  const footer = `Medians of at least ${rounds} alternated rounds on ${machine.cores} cores (${machine.cpu}), Node ${machine.node}, load by ${load} on the same machine.`;
  const height = y + margin;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="How authsvc performs against better-auth, a bare Fastify route and raw bcrypt">`,
    style,
    `<rect class="page" width="${width}" height="${height}" rx="10"/>`,
    ...drawn,
    `<text class="note" x="${margin}" y="${height - margin}">${escapeText(footer)}</text>`,
    '</svg>',
    '',
  ].join('\n');
}

/**
 * The chart in words, for those who cannot see it.
 *
 * @param {Results} results
 * @returns {string}
 */
export function describeChart(results) {
  const panels = measuredPanels(results).map(({ title, measured }) => {
    const bars = measured.map(({ name, value }) => `${name} ${formatFigure(value)}`);
    return `${title}: ${bars.join('; ')}.`;
  });
  return panels.join(' ');
}

/** @param {Results} results */
function measuredPanels({ scenarios }) {
  const medians = new Map(
    scenarios.flatMap(({ rows }) => rows).map(({ id, samples }) => [id, median(samples.map(({ value }) => value))]),
  );
  return panels.flatMap(({ bars, ...panel }) => {
    const known = bars.map((bar) => ({ ...bar, value: medians.get(bar.id) ?? Number.NaN }));
    const measured = known.filter(({ value }) => Number.isFinite(value));
    return measured.length === 0 ? [] : [{ ...panel, measured }];
  });
}

const style = `<style>
  text { font: 13px system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif; fill: #1f2328; }
  .title { font-weight: 600; font-size: 14px; }
  .note { font-weight: 400; font-size: 12px; fill: #59636e; }
  .figure { font-variant-numeric: tabular-nums; }
  .page { fill: #ffffff; }
  .track { fill: #f0f2f5; }
  .ours { fill: #0969da; } text.ours { fill: #1f2328; font-weight: 600; }
  .theirs { fill: #bc4c00; } text.theirs { fill: #1f2328; }
  .ceiling { fill: #afb8c1; } text.ceiling { fill: #59636e; }
  @media (prefers-color-scheme: dark) {
    text, text.ours, text.theirs { fill: #e6edf3; }
    .note, text.ceiling { fill: #9198a1; }
    .page { fill: #0d1117; }
    .track { fill: #1b212a; }
    rect.ours { fill: #4493f8; }
    rect.theirs { fill: #db8248; }
    rect.ceiling { fill: #4d5560; }
  }
</style>`;

/**
 * @param {{ name: string, kind: string, value: number }} bar
 * @param {number} most the value of the longest bar
 * @param {number} y
 */
function drawBar({ name, kind, value }, most, y) {
  // No bar is too short to be seen.
  const length = Math.max(2, ((barsTo - barsFrom) * value) / most);
  const baseline = y + barHeight / 2 + 4.5;
  return [
    `<text class="${kind}" x="${barsFrom - 10}" y="${baseline}" text-anchor="end">${escapeText(name)}</text>`,
    `<rect class="track" x="${barsFrom}" y="${y}" width="${barsTo - barsFrom}" height="${barHeight}" rx="3"/>`,
    `<rect class="${kind}" x="${barsFrom}" y="${y}" width="${length.toFixed(1)}" height="${barHeight}" rx="3"/>`,
    `<text class="figure ${kind}" x="${barsTo + 10}" y="${baseline}">${formatFigure(value)}</text>`,
  ].join('\n');
}

/** @param {string} text */
function escapeText(text) {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [from, to] = process.argv.slice(2);
  if (!from || !to) {
    process.stderr.write('usage: node e2e/bench/chart.mjs <results.json> <chart.svg>\n');
    process.exit(2);
  }
  writeFileSync(to, drawChart(JSON.parse(readFileSync(from, 'utf8'))));
}
