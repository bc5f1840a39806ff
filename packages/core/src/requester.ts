import { isIPv4, isIPv6 } from 'node:net';

/** Where a request came from, as far as it is known. */
export interface Requester {
  /** The IP address of the peer, or of the client behind a trusted proxy. */
  readonly address: string;
  readonly userAgent: string | undefined;
  /** Whether the request shows signs of a proxy, so that the peer is not the requester. */
  readonly proxied: boolean;
}

/** Whether an address can only be that of a process on this machine. A host name never is one. */
export function isLoopback(address: string): boolean {
  const plain = unmapAddress(address);
  if (isIPv4(plain)) return plain.startsWith('127.');
  return isIPv6(plain) && groupsOf(plain).join(':') === '0:0:0:0:0:0:0:1';
}

/**
 * The IPv4 address that an IPv6 address maps, however that is written; any other address unchanged.
 */
export function unmapAddress(address: string): string {
  if (!isIPv6(address)) return address;
  const groups = groupsOf(address);
  if (groups[5] !== 0xff_ff || groups.slice(0, 5).some((group) => group !== 0)) return address;
  return groups
    .slice(6)
    .flatMap((group) => [group >> 8, group & 0xff])
    .join('.');
}

/**
 * The network that is counted as one: an IPv4 address, or the /64 of an IPv6 address, the least
 * that one subscriber gets.
 *
 * @see https://www.rfc-editor.org/rfc/rfc6177
 */
export function networkOf(address: string): string {
  return networkOfPrefix(address, 64) ?? unmapAddress(address);
}

/**
 * The network that the first `bits` bits of an IPv6 address name, 0 to 64; `undefined` for an IPv4
 * address.
 */
export function networkOfPrefix(address: string, bits: number): string | undefined {
  const plain = unmapAddress(address);
  if (!isIPv6(plain)) return undefined;
  const network = groupsOf(plain)
    .slice(0, Math.ceil(bits / 16))
    .map((group, index) => {
      const hostBits = Math.max(0, (index + 1) * 16 - bits);
      return (group & (0xff_ff << hostBits)).toString(16);
    });
  return `${network.join(':')}::/${bits}`;
}

/** The eight numbers of an IPv6 address; its end may be written as IPv4. */
function groupsOf(address: string): number[] {
  const [hex = ''] = address
    .split('%', 1)
    .map((text) =>
      text.replace(/(\d+)\.(\d+)\.(\d+)\.(\d+)$/, (_text, ...parts) =>
        [0, 2].map((at) => (Number(parts[at]) * 256 + Number(parts[at + 1])).toString(16)).join(':'),
      ),
    );
  const read = (text = '') => (text === '' ? [] : text.split(':').map((group) => Number.parseInt(group, 16)));
  const [head, tail] = hex.split('::');
  const [start, end] = [read(head), read(tail)];
  return [...start, ...new Array<number>(8 - start.length - end.length).fill(0), ...end];
}
