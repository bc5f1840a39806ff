import { sep } from 'node:path';
import { root } from './root.mjs';

/** Packages of core's that are not bundled: native, finding their own files, or rarely needed. */
const stayPackages = /^(@zxcvbn-ts\/language-common|bcrypt|nodemailer|pg|piscina|sqlite3)$/;
const fromCore = '\0from-core:';

/**
 * @param {string} id of a module
 * @returns {string} its path from the root of the clone, with slashes
 */
export function pathInClone(id) {
  return id.startsWith(root) ? id.slice(root.length + 1).replaceAll(sep, '/') : id;
}

/**
 * Let a bundle in one package load what another depends on, wherever the installer put it.
 *
 * @returns {import('rolldown').Plugin}
 */
export function requireFromOwner() {
  return {
    name: 'require-from-owner',
    resolveId: {
      filter: { id: stayPackages },
      handler: (id) => ({ id: `${fromCore}${id}`, moduleSideEffects: false }),
    },
    load: {
      filter: { id: /^\0from-core:/ },
      handler: (id) => ({
        code: `module.exports = ${requireOf('core')}(${JSON.stringify(id.slice(fromCore.length))});`,
        moduleType: 'js',
      }),
    },
  };
}

/**
 * Keep `import.meta.url` what it was before a module was bundled, since files are found by it. What
 * our modules require is bundled as well.
 *
 * @returns {import('rolldown').Plugin}
 */
export function keepModuleUrls() {
  return {
    name: 'keep-module-urls',
    transform: (code, id) => {
      const [, name, path] = /^packages\/([^/]+)\/dist\/(.*)$/.exec(pathInClone(id)) ?? [];
      if (name === undefined || path === undefined || !code.includes('import.meta.url')) return null;
      const folder =
        name === 'cli'
          ? `require('node:path').join(__dirname, '..')`
          : `require('node:path').dirname(require.resolve('@authsvc/${name}'))`;
      const url = `require('node:url').pathToFileURL(require('node:path').join(${folder}, ${JSON.stringify(path)})).href`;
      return code.replace('const require = createRequire(import.meta.url);', '').replaceAll('import.meta.url', url);
    },
  };
}

/** @param {string} name of a package of ours */
function requireOf(name) {
  return `require('node:module').createRequire(require.resolve('@authsvc/${name}'))`;
}
