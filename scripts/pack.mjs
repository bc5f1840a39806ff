import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { runPnpm } from './install.mjs';
import { root } from './root.mjs';
import { setUp } from './setup.mjs';
import { exitFailed, step } from './step.mjs';

/** Make a tarball of every package in the given folder, or in `tarballs`. */
const folder = process.argv[2] ?? join(root, 'tarballs');

await setUp().catch(exitFailed);
mkdirSync(folder, { recursive: true });
for (const name of readdirSync(folder).filter((file) => file.endsWith('.tgz'))) rmSync(join(folder, name));
// pnpm replaces workspace:* with the versions of this clone's packages.
await step('Packed', () =>
  runPnpm(['--recursive', '--filter', './packages/*', 'pack', '--pack-destination', folder]),
).catch(exitFailed);
const tarballs = readdirSync(folder).map((name) => join(folder, name));
console.log(`\nInstall them together, in any folder:\n  npm install ${tarballs.join(' ')}`);
