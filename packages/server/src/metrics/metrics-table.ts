import { metrics } from './metrics.ts';

/** The metrics as the table of a Markdown page, as `docs/metrics.md` shows it. */
export function metricsTable(): string {
  const rows = metrics.map(({ name, type, labels, help }) => {
    const named = labels.map((label) => `\`${label}\``).join(', ');
    return `| \`${name}\` | ${type} | ${named} | ${help} |`;
  });
  return ['| Metric | Kind | Labels | |', '|---|---|---|---|', ...rows].join('\n');
}
