import { resolve } from 'node:path';
import { runPnpm } from './install.mjs';
import { setUp } from './setup.mjs';
import { exitFailed, step } from './step.mjs';

const [folder] = process.argv.slice(2);
if (folder === undefined) {
  console.error('usage: node scripts/deploy.mjs <folder>');
  process.exit(2);
}
await setUp().catch(exitFailed);
// What the lockfile names, as it was compiled; a keychain is nothing for a server.
const deploy = ['--filter', 'authsvc', 'deploy', '--legacy', '--prod', '--no-optional', resolve(folder)];
await step('Deployed', () => runPnpm(deploy)).catch(exitFailed);
