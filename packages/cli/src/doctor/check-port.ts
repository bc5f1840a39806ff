import { createServer } from 'node:net';
import { shell } from '@authsvc/client/shell-command';
import { type Finding, ok, problem } from './finding.ts';

/** Tries to listen where a daemon would, and says who does where it cannot. */
export async function checkPort(host: string, port: number): Promise<Finding> {
  if (port === 0) return ok('any that is free');
  const code = await tryToListen(host, port);
  switch (code) {
    case undefined:
      return ok(`${port} is free`);
    case 'EADDRINUSE': {
      const { describePortHolder } = await import('@authsvc/server');
      const holder = await describePortHolder(`http://${host.includes(':') ? `[${host}]` : host}:${port}`, port);
      return problem(`${port} is held by ${holder}`, {
        say: 'Choose another',
        command: shell`AUTHSVC_LISTEN_PORT=${port === 65_535 ? port - 1 : port + 1} authsvc daemon start`,
      });
    }
    case 'EACCES':
      return problem(`${port} needs more rights than you have`, { say: 'Choose one above 1023: AUTHSVC_LISTEN_PORT' });
    case 'EADDRNOTAVAIL':
      return problem(`this machine does not have the address ${host}`, { say: 'Correct AUTHSVC_LISTEN_HOST' });
    default:
      return problem(`${port} cannot be listened on (${code})`, { say: 'Choose another: AUTHSVC_LISTEN_PORT' });
  }
}

function tryToListen(host: string, port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(undefined)));
  });
}
