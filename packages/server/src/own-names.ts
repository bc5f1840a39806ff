/** The names under which the service may be asked for: those of this machine with the port that it listens on, and the host of the public URL. */
export interface OwnNames {
  /** Whether a Host header, or the authority of a whole URL, is ours. */
  isOwnHost(host: string): boolean;
  /** Whether an Origin header names a page that we served. */
  isOwnOrigin(origin: string): boolean;
  /** Says which port it is. */
  listensOn(port: number): void;
}

const LOOPBACK_HOST = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::(\d{1,5}))?$/i;
const DEFAULT_PORTS: Readonly<Record<string, string>> = { 'http:': '80', 'https:': '443' };

/** Before it is said which port the service listens on, it is the one that a Host without a port means. */
export function createOwnNames(publicUrl: URL | undefined): OwnNames {
  const publicHosts = publicUrl ? hostsOf(publicUrl) : [];
  let ownPort = '80';
  // Nearly every request says one of these, to the letter.
  let usual = new Set(publicHosts);

  const isOwnHost = (host: string): boolean => {
    if (usual.has(host)) return true;
    const loopback = LOOPBACK_HOST.exec(host);
    if (loopback) return (loopback[1] ?? '80') === ownPort;
    return publicHosts.includes(host.toLowerCase());
  };
  return {
    isOwnHost,
    isOwnOrigin: (origin) => {
      if (origin === publicUrl?.origin) return true;
      const host = /^http:\/\/(.+)$/.exec(origin)?.[1] ?? '';
      return LOOPBACK_HOST.test(host) && isOwnHost(host);
    },
    listensOn: (port) => {
      ownPort = String(port);
      usual = new Set([...publicHosts, `127.0.0.1:${port}`, `localhost:${port}`, `[::1]:${port}`]);
    },
  };
}

/** With its port and, since proxies leave it out, without. */
function hostsOf({ hostname, protocol, port }: URL): string[] {
  return [hostname, `${hostname}:${port || DEFAULT_PORTS[protocol]}`];
}
