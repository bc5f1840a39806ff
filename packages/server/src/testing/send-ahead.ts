import { connect, type NetConnectOpts } from 'node:net';

/**
 * Sends requests without waiting for answers, and resolves with what came back once the connection
 * is closed, however that is.
 */
export function sendAhead(to: NetConnectOpts, requests: string): Promise<string> {
  return new Promise((resolve) => {
    let received = '';
    const socket = connect(to, () => socket.write(requests));
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => {
      received += chunk.toString('latin1');
    });
    socket.on('close', () => resolve(received));
  });
}
