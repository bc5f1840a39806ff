import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { root } from './root.mjs';

const block = /<!-- (examples\/\S+) -->\n```(\w*)\n[\s\S]*?```\n<!-- \/example -->/g;

/**
 * Puts each file of `examples/` where a page names it, as a block between its markers.
 *
 * @param {string} page
 * @param {(file: string) => string} read
 * @returns {string}
 */
export function withExamples(page, read) {
  return page.replace(
    block,
    (_whole, file, language) =>
      `<!-- ${file} -->\n\`\`\`${language}\n${read(file).trimEnd()}\n\`\`\`\n<!-- /example -->`,
  );
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const page = join(root, 'docs', 'applications.md');
  writeFileSync(
    page,
    withExamples(readFileSync(page, 'utf8'), (file) => readFileSync(join(root, file), 'utf8')),
  );
}
