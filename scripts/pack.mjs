import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { runPnpm } from './install.mjs';
import { root } from './root.mjs';
import { setUp } from './setup.mjs';
import { exitFailed, step } from './step.mjs';

/** Makes a tarball of every package, ready for `npm install`, in the folder that is given or in `tarballs`. */
const folder = process.argv[2] ?? join(root, 'tarballs');

await setUp().catch(exitFailed);
mkdirSync(folder, { recursive: true });
for (const name of readdirSync(folder).filter((file) => file.endsWith('.tgz'))) rmSync(join(folder, name));
// pnpm writes the versions of the packages of this clone where their manifests say workspace:*.
await step('Packed', () =>
  runPnpm(['--recursive', '--filter', './packages/*', 'pack', '--pack-destination', folder]),
).catch(exitFailed);
const tarballs = readdirSync(folder).map((name) => join(folder, name));
console.log(`\nInstall them together, in any folder:\n  npm install ${tarballs.join(' ')}`);
