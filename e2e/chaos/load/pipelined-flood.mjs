import { connect } from 'node:net';

// Runs in a process of its own, because the one that measures must not be busy. Opens a number of
// connections, sends each shape of requests on its share of them without reading an answer, and
// reports how many are closed. A shape is sent piece by piece, with a pause in between if it has
// one.
process.once('message', ({ host, port, connections, perSecond, shapes }) => {
  const report = shapes.map(() => ({ open: 0, closed: 0 }));
  let index = 0;

  function flood() {
    const mine = index % shapes.length;
    const { pieces, pauseMs } = shapes[mine];
    const own = report[mine];
    index += 1;
    const socket = connect(port, host, () => {
      own.open += 1;
      socket.pause();
      sendFrom(0);
    });
    const sendFrom = (piece) => {
      if (socket.destroyed) return;
      if (piece < pieces.length) socket.write(pieces[piece], 'latin1');
      // A client that reads nothing notices only by writing that the other end has gone.
      setTimeout(sendFrom, piece < pieces.length ? pauseMs : 500, piece + 1);
      if (piece >= pieces.length) socket.write(pieces.at(-1), 'latin1');
    };
    socket.on('error', () => undefined);
    socket.once('close', () => {
      own.closed += 1;
    });
  }

  const startedAt = performance.now();
  const timer = setInterval(() => {
    const due = Math.min(connections, ((performance.now() - startedAt) / 1000) * perSecond);
    while (index < due) flood();
    if (index === connections) clearInterval(timer);
  }, 5);
  setInterval(() => process.send?.(report), 100);
});
process.once('disconnect', () => process.exit());
