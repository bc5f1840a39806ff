// CommonJS, which starts sooner than a module.
const { statSync } = require('node:fs');
const { join } = require('node:path');

const dist = join(__dirname, '..', 'dist');

/**
 * Loads a program of this package: its bundle, or what the compiler wrote, in a clone where that is newer.
 *
 * @param {string} name of the module under dist that it is made from
 * @returns {Promise<any>} the module
 */
exports.loadProgram = async (name) => {
  const bundle = join(dist, 'bundle', `${name.split('/').at(-1)}.cjs`);
  return isFresh(bundle) ? require(bundle) : import(`../dist/${name}.js`);
};

/** @param {string} bundle */
function isFresh(bundle) {
  // The compiler's notes are in a clone, and in no installed package.
  if (modifiedAt(join(dist, '..', 'tsconfig.tsbuildinfo')) === undefined) return true;
  const bundledAt = modifiedAt(bundle) ?? 0;
  const packages = join(dist, '..', '..');
  return ['core', 'server', 'cli'].every((name) => {
    const compiledAt = modifiedAt(join(packages, name, 'tsconfig.tsbuildinfo'));
    return compiledAt !== undefined && compiledAt < bundledAt;
  });
}

/** @param {string} path */
function modifiedAt(path) {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs;
}
