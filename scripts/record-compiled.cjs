const { writeFileSync } = require('node:fs');
const { join } = require('node:path');
const { compiledFile, createLoader } = require('../packages/cli/bin/load-program.js');

/** Runs a command line from a bundle, and leaves beside each file that it loaded what V8 had compiled of it in the end. */
const [folder = '', ...args] = process.argv.slice(2);

/** @type {Map<string, import('node:vm').Script>} */
const scripts = new Map();
process.on('exit', () => {
  // Whatever the program chose: these are for everybody who may read the bundle.
  process.umask(0o022);
  for (const [file, script] of scripts) writeFileSync(compiledFile(file), script.createCachedData());
});
createLoader((file, script) => scripts.set(file, script))(join(folder, 'main.cjs')).main(args);
