import { connect } from 'node:tls';

const LONGEST_MS = 2000;

/** Whether a port answers a TLS handshake, with any certificate: nothing is sent there. */
export function speaksTls({ hostname, port }: URL): Promise<boolean> {
  return new Promise((resolve) => {
    const host = hostname.replace(/^\[|\]$/g, '');
    const socket = connect({ host, port: Number(port || 80), rejectUnauthorized: false });
    const settle = (speaks: boolean) => {
      socket.destroy();
      resolve(speaks);
    };
    socket.setTimeout(LONGEST_MS, () => settle(false));
    socket.once('secureConnect', () => settle(true)).once('error', () => settle(false));
  });
}
