import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * A self-signed certificate and its key, as files. Only a client that gets it as an authority
 * trusts it.
 */
export interface Certificate {
  readonly certFile: string;
  readonly keyFile: string;
  /** The certificate in PEM; it is its own authority. */
  readonly authority: string;
}

/** Makes a certificate for a host, and for other names, as in `IP:127.0.0.1`. */
export function makeCertificate(folder: string, hostname = 'localhost', ...names: readonly string[]): Certificate {
  const [certFile, keyFile] = [join(folder, `${hostname}.crt`), join(folder, `${hostname}.key`)];
  const subject = ['-subj', `/CN=${hostname}`, '-addext', `subjectAltName=${[`DNS:${hostname}`, ...names].join()}`];
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', keyFile];
  execFileSync('openssl', ['req', '-x509', '-days', '2', ...key, '-out', certFile, ...subject], { stdio: 'ignore' });
  return { certFile, keyFile, authority: readFileSync(certFile, 'utf8') };
}
