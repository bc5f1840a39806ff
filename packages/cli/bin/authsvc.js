#!/usr/bin/env node
require('./load-program.js')
  .loadProgram('main')
  .then(({ main }) => main(process.argv.slice(2)));
