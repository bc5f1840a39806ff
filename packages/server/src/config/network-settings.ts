import { BlockList, isIP } from 'node:net';
import { type Environment, quote, SettingProblem } from './setting.ts';

/** The addresses of this machine that no other machine can reach. */
export const LOOPBACK_NETWORKS: readonly string[] = ['127.0.0.0/8', '::1'];

const isLoopbackIp = includesAddress(LOOPBACK_NETWORKS);

/** Whether the host of a URL, or an address to listen on, is this machine alone. */
export function isLoopbackHost(host: string): boolean {
  return host === 'localhost' || isLoopbackIp(host.replace(/^\[|\]$/g, ''));
}

/** Tells whether an IP address is in one of the networks, also an IPv4 address written as IPv6. */
export function includesAddress(networks: readonly string[]): (address: string) => boolean {
  const list = new BlockList();
  for (const network of networks) {
    const [address = '', prefix] = network.split('/');
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
    if (prefix === undefined) list.addAddress(address, family);
    else list.addSubnet(address, Number(prefix), family);
  }
  return (address) => {
    const family = isIP(address);
    return family !== 0 && list.check(address, family === 6 ? 'ipv6' : 'ipv4');
  };
}

/** Reads an address to listen on. */
export function readListenHost(text: string): string {
  if (text === 'localhost') return '127.0.0.1';
  if (isIP(text) !== 0) return text;
  throw new SettingProblem(`must be an IP address or localhost, not ${quote(text)}`);
}

/** Where something listens. */
export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

/** Reads a port, which is then on loopback, or an address and a port. */
export function readListenAddress(text: string): ListenAddress | undefined {
  const [, bracketed, plain, digits = ''] = /^(?:(?:\[([^\]]*)\]|([^:]*)):)?(\d{1,5})$/.exec(text) ?? [];
  const host = bracketed ?? (plain === 'localhost' ? '127.0.0.1' : (plain ?? '127.0.0.1'));
  const port = Number(digits);
  if (digits === '' || port > 65_535 || isIP(host) !== (bracketed === undefined ? 4 : 6)) {
    throw new SettingProblem(`must be a port, or an IP address and a port such as 127.0.0.1:9464, not ${quote(text)}`);
  }
  return { host, port };
}

/**
 * The first segments of our own routes and of those to come: if the path of a public URL began with
 * one, paths would be ambiguous.
 */
const ROUTE_SEGMENTS: ReadonlySet<string> = new Set([
  ...['users', 'sessions', 'profile', 'reset_password', 'whoami', 'openapi.json', 'health', 'ready'],
  ...['email_verification', 'not_me', 'tokens', 'device_authorization', 'device_token', 'auth-request', 'forward-auth'],
  ...['login', 'register', 'logout', 'reset', 'verify', 'invitation', 'account', 'device', 'not-me'],
]);
const PLAIN_SEGMENT = /^(?!\.{1,2}$)[\w.~-]+$/;

/**
 * Reads the address that clients use: http or https, a host, perhaps a port and a path, and nothing
 * after it.
 */
export function readPublicUrl(text: string): URL | undefined {
  const parsed = URL.canParse(text) ? new URL(text) : undefined;
  if (parsed === undefined || !/^https?:$/.test(parsed.protocol) || parsed.hostname === '') {
    throw new SettingProblem('must be an http or https address, such as https://auth.example.com');
  }
  const url = readPlainUrl(text, parsed);
  const [, first = ''] = url.pathname.split('/');
  if (ROUTE_SEGMENTS.has(first)) {
    throw new SettingProblem(
      `must not have a path below /${first}, which is a route of authsvc: use ${url.origin}/auth`,
    );
  }
  return url;
}

/** Reads what other addresses begin with: no user, a plain path, and nothing after it. */
export function readPlainUrl(text: string, { origin, username, password }: URL): URL {
  if (`${username}${password}` !== '') throw new SettingProblem('must not hold a user or a password');
  if (/[?#]/.test(text)) throw new SettingProblem(`must end after its path, as in ${origin}/auth`);
  // Not from the parsed URL: parsing resolves dots, and hides what a proxy may read differently.
  const path = /^[^:]*:\/\/[^/\\]*(.*)$/.exec(text)?.[1]?.replace(/\/$/, '') ?? '';
  const [root, ...segments] = path.split('/');
  if (root !== '' || !segments.every((segment) => PLAIN_SEGMENT.test(segment))) {
    throw new SettingProblem(`must have a path of letters, digits, '-', '.', '_' and '~', as in ${origin}/auth`);
  }
  return new URL(path, origin);
}

/** Reads addresses and networks, separated by commas. */
export function readNetworks(text: string): readonly string[] {
  const networks = splitList(text);
  for (const network of networks) checkNetwork(network);
  return networks;
}

/** A peer of a listener on loopback is on this machine: an application's backend, or a proxy. */
export function defaultTrustedProxies(env: Environment): readonly string[] {
  return isLoopbackHost(env.AUTHSVC_LISTEN_HOST || 'localhost') ? LOOPBACK_NETWORKS : [];
}

/** Reads further origins whose pages are trusted, separated by commas, as a browser writes them. */
export function readOrigins(text: string): readonly string[] {
  return splitList(text).map((part) => {
    const url = URL.canParse(part) ? new URL(part) : undefined;
    if (
      url &&
      /^https?:$/.test(url.protocol) &&
      !part.includes('*') &&
      url.origin === part.replace(/\/$/, '').toLowerCase()
    )
      return url.origin;
    throw new SettingProblem(
      `must be origins separated by commas, each a scheme, a host and perhaps a port, such as https://app.example.com; ${quote(part)} is not one`,
    );
  });
}

/** Also with underscores, which the names of containers have. */
const HOST_NAME = /^(?!-)[a-z\d_-]{1,63}(?<!-)(\.(?!-)[a-z\d_-]{1,63}(?<!-))*$/;

/** Reads further names of the service, separated by commas, without ports. */
export function readHostNames(text: string): readonly string[] {
  return splitList(text).map((part) => {
    const name = part.toLowerCase();
    if (HOST_NAME.test(name) && name.length <= 253) return name;
    const address = part.replace(/^\[|\]$/g, '');
    // A zone names an interface of one machine, and no URL can hold it.
    if (isIP(address) === 6 && !address.includes('%')) return new URL(`http://[${address}]`).hostname;
    throw new SettingProblem(
      `must be host names separated by commas, without ports, such as authsvc or auth.internal; ${quote(part)} is not one`,
    );
  });
}

function splitList(text: string): string[] {
  return text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

function checkNetwork(network: string): void {
  const [, address = '', prefix] = /^([^/]*)(?:\/(\d{1,3}))?$/.exec(network) ?? [];
  const bits = { 0: 0, 4: 32, 6: 128 }[isIP(address)] ?? 0;
  // A zone names an interface of one machine, which a list of addresses cannot contain.
  if (bits === 0 || address.includes('%') || (prefix !== undefined && Number(prefix) > bits)) {
    throw new SettingProblem(
      `must be addresses and networks separated by commas, such as 10.0.0.5,fd00::/8; ${quote(network)} is neither`,
    );
  }
  if (prefix !== undefined && Number(prefix) === 0) {
    throw new SettingProblem(`must name your proxies: ${quote(network)} would let any client choose its own address`);
  }
}
