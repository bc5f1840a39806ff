const { writeFileSync } = require('node:fs');
const { join } = require('node:path');
const { compiledFile, createLoader } = require('../packages/cli/bin/load-program.js');

/** Run a command of a bundle, and store what V8 compiled of each loaded file beside it. */
const [folder = '', ...args] = process.argv.slice(2);

/** @type {Map<string, import('node:vm').Script>} */
const scripts = new Map();
process.on('exit', () => {
  // All who can read the bundle may use these, whatever umask the program has set.
  process.umask(0o022);
  for (const [file, script] of scripts) writeFileSync(compiledFile(file), script.createCachedData());
});
createLoader((file, script) => scripts.set(file, script))(join(folder, 'main.cjs')).main(args);
