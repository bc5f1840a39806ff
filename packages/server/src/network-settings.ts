import { BlockList, isIP } from 'node:net';
import { type Environment, isGiven, quote, SettingProblem } from './setting.ts';

/** The addresses of this machine that no other machine can reach. */
export const LOOPBACK_NETWORKS: readonly string[] = ['127.0.0.0/8', '::1'];

const isLoopbackIp = includesAddress(LOOPBACK_NETWORKS);

/** Whether the host of a URL, or an address to listen on, is this machine alone. */
export function isLoopbackHost(host: string): boolean {
  return host === 'localhost' || isLoopbackIp(host.replace(/^\[|\]$/g, ''));
}

/** Whether an IP address lies in one of some networks; an IPv4 address counts in its IPv6 form too. */
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

/** Reads a port, of loopback then, or an address and a port. */
export function readListenAddress(text: string): ListenAddress | undefined {
  const [, bracketed, plain, digits = ''] = /^(?:(?:\[([^\]]*)\]|([^:]*)):)?(\d{1,5})$/.exec(text) ?? [];
  const host = bracketed ?? (plain === 'localhost' ? '127.0.0.1' : (plain ?? '127.0.0.1'));
  const port = Number(digits);
  if (digits === '' || port > 65_535 || isIP(host) !== (bracketed === undefined ? 4 : 6)) {
    throw new SettingProblem(`must be a port, or an IP address and a port such as 127.0.0.1:9464, not ${quote(text)}`);
  }
  return { host, port };
}

/** Reads the address that clients use: http or https, a host, perhaps a port, and nothing after it. */
export function readPublicUrl(text: string): URL | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.hostname === '') {
    throw new SettingProblem('must be an http or https address, such as https://auth.example.com');
  }
  if (`${url.username}${url.password}` !== '') throw new SettingProblem('must not hold a user or a password');
  if (url.pathname !== '/' || /[?#]/.test(text)) {
    throw new SettingProblem(`must end after the host and port: authsvc serves whole hosts, as in ${url.origin}`);
  }
  return url;
}

/** Reads addresses and networks, separated by commas. */
export function readNetworks(text: string): readonly string[] {
  const networks = text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
  for (const network of networks) checkNetwork(network);
  return networks;
}

/** With a public URL and a listener on loopback, what connects is a proxy on this machine. */
export function defaultTrustedProxies(env: Environment): readonly string[] {
  const isBehindLocalProxy =
    isGiven(env, 'AUTHSVC_PUBLIC_URL') && isLoopbackHost(env.AUTHSVC_LISTEN_HOST || 'localhost');
  return isBehindLocalProxy ? LOOPBACK_NETWORKS : [];
}

function checkNetwork(network: string): void {
  const [, address = '', prefix] = /^([^/]*)(?:\/(\d{1,3}))?$/.exec(network) ?? [];
  const bits = { 0: 0, 4: 32, 6: 128 }[isIP(address)] ?? 0;
  // A zone is of this machine's interfaces, and no list of addresses can hold it.
  if (bits === 0 || address.includes('%') || (prefix !== undefined && Number(prefix) > bits)) {
    throw new SettingProblem(
      `must be addresses and networks separated by commas, such as 10.0.0.5,fd00::/8; ${quote(network)} is neither`,
    );
  }
  if (prefix !== undefined && Number(prefix) === 0) {
    throw new SettingProblem(`must name your proxies: ${quote(network)} would let everybody say where they come from`);
  }
}
