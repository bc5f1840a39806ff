import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface StubService {
  readonly url: string;
  /** Every request so far. */
  readonly requests: IncomingMessage[];
  /** Says how the next requests are answered. */
  answerWith(answer: (response: ServerResponse) => void): void;
  stop(): Promise<void>;
}

/** Stands in for the service where a test needs answers that the service never gives. */
export async function startStubService(): Promise<StubService> {
  const requests: IncomingMessage[] = [];
  let answer = (response: ServerResponse) => {
    response.writeHead(404).end();
  };
  const server = createServer((request, response) => {
    requests.push(request);
    answer(response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    answerWith: (next) => {
      answer = next;
    },
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
