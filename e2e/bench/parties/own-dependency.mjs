import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

/** The folder of this clone. */
export const root = dirname(dirname(dirname(dirname(fileURLToPath(import.meta.url)))));

/**
 * Loads the very copy of a package that the service runs on, so that a ceiling is measured with the
 * same code as the service.
 *
 * @param {'core' | 'server'} workspacePackage whose dependency it is
 * @param {string} name
 * @returns {Promise<any>} its default export
 */
export async function importOwnDependency(workspacePackage, name) {
  const require = createRequire(join(root, 'packages', workspacePackage, 'package.json'));
  const module = await import(pathToFileURL(require.resolve(name)).href);
  return module.default;
}

/**
 * Loads a module of the service, for what can be measured in one process only.
 *
 * @param {'core' | 'server'} workspacePackage
 * @param {string} path in what was built
 * @returns {Promise<any>}
 */
export function importBuilt(workspacePackage, path) {
  return import(pathToFileURL(join(root, 'packages', workspacePackage, 'dist', path)).href);
}
