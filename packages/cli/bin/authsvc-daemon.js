require('./load-program.js')
  .loadProgram('daemon/detached-daemon')
  .then(({ main }) => main());
