import { copyFileSync, cpSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import type { KeychainLibrary } from '../keychain/keychain.ts';

/** The helper as it is built: another Node process cannot start the source. */
export const builtHelper = fileURLToPath(new URL('../../dist/keychain/keychain-helper.cjs', import.meta.url));

const installed = fileURLToPath(new URL('../../node_modules/', import.meta.url));

/**
 * Install the helper in a folder of its own, where only some libraries can be loaded. The others
 * have no binary, as after an install that could neither compile nor fetch one.
 */
export function makeHelper(loadable: readonly KeychainLibrary[]): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'authsvc-helper-')));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  for (const library of ['keytar', '@napi-rs/keyring'] as const) {
    const [from, to] = [realpathSync(join(installed, library)), join(folder, 'node_modules', library)];
    mkdirSync(join(to, '..'), { recursive: true });
    if (loadable.includes(library)) symlinkSync(from, to);
    else cpSync(from, to, { recursive: true, filter: (path) => !path.startsWith(join(from, 'build') + sep) });
  }
  const helper = join(folder, 'keychain-helper.cjs');
  copyFileSync(builtHelper, helper);
  return helper;
}
