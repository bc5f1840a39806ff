import { createServer, type RequestListener, request } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Serves HTTP at a free port of this machine, for any Host. */
export async function serveLocally(answer: RequestListener) {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    port,
    url: `http://127.0.0.1:${port}`,
    stop: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

export type LocalServer = Awaited<ReturnType<typeof serveLocally>>;

/**
 * A proxy between the command line and the daemon that keeps the answers, since these contain the
 * secrets that no file may hold.
 */
export async function startRecordingProxy(target: string) {
  let answers = '';
  const server = await serveLocally((incoming, outgoing) => {
    // The daemon serves its own name only.
    const headers = { ...incoming.headers, host: new URL(target).host };
    const { method = 'GET', url = '/' } = incoming;
    const forwarded = request(new URL(url, target), { method, headers, agent: false }, (answer) => {
      answers += `${answer.rawHeaders.join('\n')}\n`;
      answer.on('data', (chunk: Buffer) => {
        answers += chunk.toString();
      });
      outgoing.writeHead(answer.statusCode ?? 500, answer.headers);
      answer.pipe(outgoing);
    });
    incoming.pipe(forwarded);
  });
  return {
    ...server,
    /** The headers and bodies of every answer so far, as text. */
    answers: () => answers,
  };
}
