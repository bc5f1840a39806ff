import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';

export interface Certificate {
  readonly certFile: string;
  readonly keyFile: string;
  /** The certificate in PEM; it is its own authority. */
  readonly authority: string;
}

/** Makes a certificate for `localhost`, and for other names. */
export async function makeCertificate(folder: string, ...names: readonly string[]): Promise<Certificate> {
  const [certFile, keyFile] = [join(folder, 'localhost.crt'), join(folder, 'localhost.key')];
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', keyFile];
  const subjects = ['DNS:localhost', 'IP:127.0.0.1', ...names.map((name) => `DNS:${name}`)];
  const subject = ['-subj', '/CN=localhost', '-addext', `subjectAltName=${subjects.join(',')}`];
  await execa('openssl', ['req', '-x509', '-days', '2', ...key, '-out', certFile, ...subject]);
  return { certFile, keyFile, authority: await readFile(certFile, 'utf8') };
}
