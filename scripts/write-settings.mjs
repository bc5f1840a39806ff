import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { settingsTable } from '../packages/server/dist/index.js';
import { root } from './root.mjs';

/** Writes the table of settings into the README, between its markers; the daemon must be built. */
const readme = join(root, 'README.md');
const text = readFileSync(readme, 'utf8');
const marked = /<!-- settings -->\n[\s\S]*?<!-- \/settings -->/;
if (!marked.test(text))
  throw new Error('the README has no place for the settings: <!-- settings -->, <!-- /settings -->');
writeFileSync(
  readme,
  text.replace(marked, () => `<!-- settings -->\n${settingsTable()}\n<!-- /settings -->`),
);
