import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface RecordingProxy {
  readonly url: string;
  /** The headers and bodies of every answer so far, as text. */
  answers(): string;
  stop(): Promise<void>;
}

/** Stands between the command line and the daemon, and keeps what the daemon answers: the secrets that no file may hold. */
export async function startRecordingProxy(target: string): Promise<RecordingProxy> {
  let answers = '';
  const server = createServer((incoming, outgoing) => {
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
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    answers: () => answers,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
