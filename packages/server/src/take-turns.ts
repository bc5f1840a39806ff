import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** How many requests wait on a connection. */
const waiting = new WeakMap<Socket, number>();

/**
 * Goes on with a request once those before it on the same connection are answered. Node hands them out as they arrive and keeps only the answers in order, so that one
 * sent behind a logout, without waiting for its answer, would still meet the open session.
 *
 * While one waits, nothing more is read from its connection: a client that sends on and on, and reads no answer, would otherwise fill the memory with requests.
 */
export function takeTurn({ socket }: IncomingMessage, answer: ServerResponse, goOn: () => void): void {
  // An answer gets its connection when it is its turn.
  if (answer.socket) {
    goOn();
    return;
  }
  waiting.set(socket, (waiting.get(socket) ?? 0) + 1);
  // Behind Node, which reads on at the end of each request.
  queueMicrotask(() => {
    if (waiting.get(socket)) socket.pause();
  });
  answer.once('socket', () => {
    // One of each connection at a time: hundreds that arrived together are not answered before everybody else.
    setImmediate(() => {
      const left = (waiting.get(socket) ?? 1) - 1;
      waiting.set(socket, left);
      if (left === 0) socket.resume();
      goOn();
    });
  });
}
