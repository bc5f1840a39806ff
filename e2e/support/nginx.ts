import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import type { Certificate } from './certificate.ts';
import { nginxProgram } from './plain-nginx.ts';
import { root } from './program.ts';

export interface NginxOptions {
  /** An empty folder for all that it keeps. */
  readonly folder: string;
  readonly port: number;
  readonly certificate: Certificate;
  /** The instances behind it. */
  readonly upstreams: readonly string[];
}

/**
 * Starts nginx as `docs/scaling.md` configures it, with this machine's addresses in the place of the example's.
 *
 * @returns what stops it.
 */
export async function startNginx({ folder, port, certificate, upstreams }: NginxOptions): Promise<() => Promise<void>> {
  const servers = upstreams.map((url) => `server ${new URL(url).host};`).join('\n    ');
  const documented = (await readDocumentedConfiguration())
    .replace(/server 10\.[\d.]+:4100;(\s+server 10\.[\d.]+:4100;)*/, servers)
    .replace('listen 443 ssl;', `listen 127.0.0.1:${port} ssl;`)
    .replace('auth.example.com;', 'localhost;')
    .replace('/etc/ssl/auth.example.com.crt', certificate.certFile)
    .replace('/etc/ssl/auth.example.com.key', certificate.keyFile);
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `${name}_temp_path tmp/${name};`,
  );
  const configuration = `
    ${process.getuid?.() === 0 ? 'user root;' : ''}
    pid nginx.pid;
    error_log error.log;
    events {}
    http { access_log off; ${temporary.join(' ')}
    ${documented} }`;
  await mkdir(join(folder, 'tmp'));
  await writeFile(join(folder, 'nginx.conf'), configuration);
  const run = (...args: string[]) =>
    execa(nginxProgram, ['-p', folder, '-c', 'nginx.conf', '-e', 'error.log', ...args]);
  // It returns once it listens.
  await run();
  return async () => {
    await run('-s', 'stop');
  };
}

async function readDocumentedConfiguration(): Promise<string> {
  const page = await readFile(join(root, 'docs', 'scaling.md'), 'utf8');
  const [, configuration] = /```nginx\n([\s\S]*?)```/.exec(page) ?? [];
  if (configuration === undefined) throw new Error('docs/scaling.md holds no configuration of nginx');
  return configuration;
}
