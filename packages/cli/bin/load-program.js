// CommonJS, which starts sooner than a module.
const { readdirSync, readFileSync, statSync } = require('node:fs');
const { createRequire } = require('node:module');
const { basename, dirname, join } = require('node:path');
const { Script } = require('node:vm');

const dist = join(__dirname, '..', 'dist');

/**
 * Loads a program of this package: its bundle, or what the compiler wrote, in a clone where that is newer.
 *
 * @param {string} name of the module under dist that it is made from
 * @returns {Promise<any>} the module
 */
exports.loadProgram = async (name) => {
  const bundle = join(dist, 'bundle', `${name.split('/').at(-1)}.cjs`);
  return isFresh(bundle) ? createLoader()(bundle) : import(`../dist/${name}.js`);
};

/**
 * Makes what loads the files of a bundle as `require` does, and spares V8 compiling what the build has left compiled beside them. (Node itself can do that only from
 * version 22 on, and in a folder that it must be able to write to.)
 *
 * @param {(file: string, script: import('node:vm').Script) => void} [onLoad]
 */
function createLoader(onLoad) {
  /** @type {Map<string, { exports: any }>} */
  const modules = new Map();

  /** @param {string} file */
  function load(file) {
    const known = modules.get(file);
    if (known) return known.exports;
    const folder = dirname(file);
    // The bundler leaves nothing in it but ASCII, which is read fastest in this way.
    const source = `(function (exports, require, module, __filename, __dirname) {${readFileSync(file, 'latin1')}\n})`;
    const script = new Script(source, {
      // Kept in what is compiled, which is made elsewhere than it is used.
      filename: `authsvc/dist/bundle/${basename(file)}`,
      cachedData: readIfThere(compiledFile(file)),
    });
    onLoad?.(file, script);
    const module = { exports: {} };
    modules.set(file, module);
    const requireOther = createRequire(file);
    const require = (/** @type {string} */ name) =>
      name.startsWith('./') ? load(join(folder, name)) : requireOther(name);
    require.resolve = requireOther.resolve;
    script.runInThisContext()(module.exports, require, module, file, folder);
    return module.exports;
  }
  return load;
}
exports.createLoader = createLoader;

/**
 * Where the build leaves a file as V8 compiled it. Another version of V8 could not use it, and one that runs with other flags passes over it.
 *
 * @param {string} file
 */
function compiledFile(file) {
  return `${file}.v8-${process.versions.v8}`;
}
exports.compiledFile = compiledFile;

/** @param {string} bundle */
function isFresh(bundle) {
  // The compiler's notes are in a clone, and in no installed package.
  if (modifiedAt(join(dist, '..', 'tsconfig.tsbuildinfo')) === undefined) return true;
  const bundledAt = modifiedAt(bundle) ?? 0;
  const packages = join(dist, '..', '..');
  const folders = readdirSync(packages, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return folders.every(({ name }) => {
    const compiledAt = modifiedAt(join(packages, name, 'tsconfig.tsbuildinfo'));
    return compiledAt === undefined || compiledAt < bundledAt;
  });
}

/** @param {string} path */
function modifiedAt(path) {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs;
}

/** @param {string} path */
function readIfThere(path) {
  try {
    return readFileSync(path);
  } catch {
    return undefined;
  }
}
