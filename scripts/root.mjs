import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of this clone. */
export const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** @type {{ version: string, packageManager: string, engines: { node: string } }} */
export const rootPackage = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

/** @returns {string[]} every file that is in git, or would be with the next `git add` */
export function clonedFiles() {
  const listed = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '-z'], { cwd: root });
  return `${listed}`.split('\0').filter((file) => file && existsSync(join(root, file)));
}

/** @param {string} file of the clone */
export function readText(file) {
  return readFileSync(join(root, file), 'utf8');
}

/** @param {readonly string[]} breaches of what a check looks for */
export function failWith(breaches) {
  for (const breach of breaches) console.error(breach);
  process.exitCode = breaches.length > 0 ? 1 : 0;
}
