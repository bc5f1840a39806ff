import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { readText, root } from './root.mjs';

const example = /<!-- (examples\/[^\s:]+)(?:: (.+))? -->\n```(\w*)\n[\s\S]*?```\n<!-- \/example -->/g;

/**
 * What `npm run write:…` writes; the packages must be built.
 *
 * @type {Record<string, () => Promise<void>>}
 */
const tables = {
  settings: async () => {
    const { settingsTable } = await import('../packages/server/dist/index.js');
    writeBlock('docs/settings.md', 'settings', settingsTable());
  },
  metrics: async () => {
    const { metricsTable } = await import('../packages/server/dist/metrics/metrics.js');
    writeBlock('docs/metrics.md', 'metrics', metricsTable());
  },
  bench: async () => {
    const { summary } = await import('../e2e/bench/summary.mjs');
    writeBlock('docs/benchmarks.md', 'bench', summary(JSON.parse(readText('docs/bench.json'))));
  },
  examples: async () => rewrite('docs/applications.md', (text) => withExamples(text, readText)),
};

/**
 * Replace the table between two markers of a page.
 *
 * @param {string} page
 * @param {string} name of the markers
 * @param {string} table
 */
export function writeBlock(page, name, table) {
  const marked = new RegExp(`<!-- ${name} -->\\n[\\s\\S]*?<!-- /${name} -->`);
  rewrite(page, (text) => {
    if (!marked.test(text)) throw new Error(`${page} has no place for the table: <!-- ${name} -->, <!-- /${name} -->`);
    return text.replace(marked, () => `<!-- ${name} -->\n${table}\n<!-- /${name} -->`);
  });
}

/**
 * Put each file of `examples/` between the markers that name it: all of it, or paragraphs with a
 * line that begins as the marker says, such as `examples/go/main.go: func ask, func main`.
 *
 * @param {string} page
 * @param {(file: string) => string} read
 * @returns {string}
 * @throws {Error} when no paragraph begins so
 */
export function withExamples(page, read) {
  return page.replace(example, (_whole, file, /** @type {string | undefined} */ starts, language) => {
    const shown = starts ? paragraphsOf(file, read(file), starts.split(', ')) : read(file).trimEnd();
    const marker = starts ? `${file}: ${starts}` : file;
    return `<!-- ${marker} -->\n\`\`\`${language}\n${shown}\n\`\`\`\n<!-- /example -->`;
  });
}

/**
 * @param {string} file
 * @param {string} text
 * @param {readonly string[]} starts
 */
function paragraphsOf(file, text, starts) {
  const paragraphs = text.trimEnd().split(/\n{2,}/);
  return starts
    .map((start) => {
      const found = paragraphs.find((paragraph) => paragraph.split('\n').some((line) => line.startsWith(start)));
      if (found === undefined) throw new Error(`${file} has no line that begins with ${start}`);
      return found;
    })
    .join('\n\n');
}

/**
 * @param {string} page
 * @param {(text: string) => string} change
 */
function rewrite(page, change) {
  writeFileSync(join(root, page), change(readText(page)));
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) await tables[process.argv[2] ?? '']?.();
