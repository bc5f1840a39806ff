import { readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { runPnpm } from './install.mjs';
import { root } from './root.mjs';
import { exitFailed, mustRun, step } from './step.mjs';

const [folder] = process.argv.slice(2);
if (folder === undefined) {
  console.error('usage: npm run pack -- <folder>');
  process.exit(2);
}
const to = resolve(folder);
await step('Built', () => mustRun('npm', ['run', 'build'], { cwd: root })).catch(exitFailed);
const pack = ['--recursive', '--filter', './packages/*', 'pack', '--pack-destination', to];
await step('Packed', () => runPnpm(pack)).catch(exitFailed);
for (const name of readdirSync(to).filter((file) => /^authsvc.*\.tgz$/.test(file))) console.log(`  ${join(to, name)}`);
