import { StartRefusedError } from '@authsvc/client/folders';
import { describePortHolder } from './describe-port-holder.ts';

/**
 * The refusal for an address that cannot be listened on: who holds it, or what is wrong with it.
 */
export async function refusalOfListening(host: string, port: number, cause: unknown): Promise<StartRefusedError> {
  const { code, message } = cause as NodeJS.ErrnoException;
  const holder = code === 'EADDRINUSE' && (await describePortHolder(urlOf(host, port), port));
  const reasons: Record<string, string> = {
    EADDRINUSE: `${holder} listens there; choose another port with AUTHSVC_LISTEN_PORT`,
    EADDRNOTAVAIL: 'this machine does not have that address',
    EACCES: 'ports below 1024 need more rights than this user has',
  };
  return new StartRefusedError(`cannot listen on ${urlOf(host, port)}: ${reasons[code ?? ''] ?? message}`, { cause });
}

export function urlOf(host: string, port: number): string {
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
}
