import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of this clone. */
export const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** @type {{ packageManager: string, engines: { node: string } }} */
export const rootPackage = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
