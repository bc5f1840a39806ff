import { isIPv6 } from 'node:net';

/** Where a request came from, as far as it is known. */
export interface Client {
  /** The IP address of the peer, or of the client behind a trusted proxy. */
  readonly address: string;
  readonly userAgent: string | undefined;
  /** Whether the request shows signs of having come through a proxy, so that the peer is not the one who asks. */
  readonly proxied: boolean;
}

const LOOPBACK = /^(127\.|::1$|::ffff:127\.)/;

/** Whether an address can only be that of a process on this machine. */
export function isLoopback(address: string): boolean {
  return LOOPBACK.test(address);
}

/**
 * What is counted as one place: an IPv4 address, or the /64 that an IPv6 address lies in, since that is the least that one subscriber gets.
 *
 * @see https://www.rfc-editor.org/rfc/rfc6177
 */
export function networkOf(address: string): string {
  if (!isIPv6(address)) return address;
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address);
  if (mapped?.[1]) return mapped[1];
  const [head = '', tail] = address.split('%')[0]?.split('::') ?? [];
  const groups = head === '' ? [] : head.split(':');
  if (tail !== undefined) {
    const end = tail === '' ? [] : tail.split(':');
    while (groups.length + end.length < 8) groups.push('0');
    groups.push(...end);
  }
  const network = groups.slice(0, 4).map((group) => Number.parseInt(group, 16).toString(16));
  return `${network.join(':')}::/64`;
}
