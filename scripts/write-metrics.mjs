import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { metricsTable } from '../packages/server/dist/metrics/metrics-table.js';
import { root } from './root.mjs';

/** Writes the table of metrics into its page, between its markers; the daemon must be built. */
const page = join(root, 'docs', 'metrics.md');
const text = readFileSync(page, 'utf8');
const marked = /<!-- metrics -->\n[\s\S]*?<!-- \/metrics -->/;
if (!marked.test(text))
  throw new Error('docs/metrics.md has no place for the table: <!-- metrics -->, <!-- /metrics -->');
writeFileSync(
  page,
  text.replace(marked, () => `<!-- metrics -->\n${metricsTable()}\n<!-- /metrics -->`),
);
