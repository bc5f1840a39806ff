import { isIP } from 'node:net';
import { unmapAddress } from '@authsvc/core';

/**
 * Reads an IP address as proxies write it: bare, with a port, in brackets, in quotes, as IPv4 in
 * IPv6, with a zone, which means something on the proxy alone.
 *
 * @returns `undefined` for anything else, such as `unknown`.
 * @see https://www.rfc-editor.org/rfc/rfc7239#section-6
 */
export function readClientAddress(text: string | undefined): string | undefined {
  const written =
    text
      ?.trim()
      .replace(/^"(.*)"$/, '$1')
      .trim() ?? '';
  const [, bracketed, dotted] = /^(?:\[([^\]]*)\](?::[\w.-]+)?|(\d+(?:\.\d+){3}):[\w.-]+)$/.exec(written) ?? [];
  const [address = ''] = (bracketed ?? dotted ?? written).split('%', 1);
  return isIP(address) === 0 ? undefined : unmapAddress(address);
}
