import { connect } from 'node:net';

// A process of its own, because no process may open connections without end: it keeps so many open
// that say nothing, and opens those again that are closed.
const [host = '', port = '', count = ''] = process.argv.slice(2);
const againMs = 500;
let ended = false;

function hold() {
  if (ended) return;
  const socket = connect(Number(port), host);
  // A refusal shows as the end of the connection.
  socket.on('error', () => undefined).resume();
  socket.once('close', () => setTimeout(hold, againMs));
}

process.once('disconnect', () => {
  ended = true;
  process.exit();
});
for (let index = 0; index < Number(count); index += 1) hold();
process.send?.('holding');
