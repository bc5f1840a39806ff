import { connect } from 'node:net';

// Runs in a process of its own, because the system limits how many connections one may open. Keeps
// a number of silent connections open, and reopens each that is closed.
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
