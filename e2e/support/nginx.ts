import { spawnSync } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Certificate } from '../../test/certificate.ts';
import { freePort } from '../../test/free-port.mjs';
import { type ListeningProgram, startListening } from './listening-program.ts';
import { cleanEnvironment, root } from './program.ts';

/** Where Debian puts it; not every user has it in the path. */
const nginxProgram = '/usr/sbin/nginx';

/** Why nginx cannot be run on this machine; undefined if it can. */
export const nginxObstacle =
  spawnSync(nginxProgram, ['-v'], { stdio: 'ignore' }).status === 0 ? undefined : 'nginx is not installed';

export interface NginxOptions {
  /** For all that it keeps. */
  readonly folder: string;
  readonly port: number;
  /** Its whole configuration, but for where it keeps its own files. */
  readonly configuration: string;
}

export async function startNginx({ folder, port, configuration }: NginxOptions): Promise<ListeningProgram> {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `${name}_temp_path ${join(folder, 'tmp', name)};`,
  );
  const main = `daemon off; pid ${join(folder, 'nginx.pid')}; ${process.getuid?.() === 0 ? 'user root;' : ''}`;
  await mkdir(join(folder, 'tmp'), { recursive: true });
  const file = join(folder, 'nginx.conf');
  await writeFile(
    file,
    configuration.replace('events {}', `${main}\nevents {}`).replace('http {\n', `http {\n${temporary.join('\n')}\n`),
  );
  const command = [nginxProgram, '-p', folder, '-c', file, '-e', join(folder, 'error.log')];
  return await startListening({ command, folder, env: cleanEnvironment(folder), port });
}

/** Starts an nginx that passes everything on to `upstream`, configured by `directives` alone. */
export async function startPlainNginx(folder: string, upstream: string, directives: readonly string[] = []) {
  const port = await freePort();
  const configuration = `
error_log stderr;
events {}
http {
  access_log off;
  server {
    listen 127.0.0.1:${port};
    location / {
      proxy_pass ${upstream};
      ${directives.join('\n      ')}
    }
  }
}
`;
  const { stop } = await startNginx({ folder, port, configuration });
  return { url: `http://127.0.0.1:${port}`, stop };
}

export interface DocumentedOptions extends Omit<NginxOptions, 'configuration'> {
  readonly certificate: Certificate;
  /** The instances behind it. */
  readonly upstreams: readonly string[];
}

/**
 * Starts nginx as `docs/scaling.md` configures it, with this machine's addresses in the place of
 * the example's.
 */
export async function startDocumentedNginx({ certificate, upstreams, ...options }: DocumentedOptions) {
  const page = await readFile(join(root, 'docs', 'scaling.md'), 'utf8');
  const [, documented] = /```nginx\n([\s\S]*?)```/.exec(page) ?? [];
  if (documented === undefined) throw new Error('docs/scaling.md holds no configuration of nginx');
  const servers = upstreams.map((url) => `server ${new URL(url).host};`).join('\n    ');
  const here = documented
    .replace(/server 10\.[\d.]+:4100;(\s+server 10\.[\d.]+:4100;)*/, servers)
    .replace('listen 443 ssl;', `listen 127.0.0.1:${options.port} ssl;`)
    .replace('auth.example.com;', 'localhost;')
    .replace('/etc/ssl/auth.example.com.crt', certificate.certFile)
    .replace('/etc/ssl/auth.example.com.key', certificate.keyFile);
  return await startNginx({ ...options, configuration: `events {}\nhttp {\naccess_log off;\n${here} }` });
}
