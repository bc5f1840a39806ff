import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Certificate } from '../../test/certificate.ts';
import { type ListeningProgram, startListening } from '../support/listening-program.ts';
import { nginxObstacle, startNginx } from '../support/nginx.ts';
import { cleanEnvironment, root } from '../support/program.ts';

const caddyProgram = '/usr/bin/caddy';

/** Why the example proxies cannot be run on this machine; undefined if they can. */
export const proxiesObstacle = nginxObstacle ?? (existsSync(caddyProgram) ? undefined : 'Caddy is not installed');

/** What an example refers to, on this machine. */
export interface ProxyOptions {
  /** An empty folder for all that it keeps. */
  readonly folder: string;
  readonly port: number;
  readonly certificate: Certificate;
  readonly servicePort: number;
  /** Of the application. */
  readonly applicationPort: number;
}

/** The proxies of `examples/`, by the path of their configuration. */
export const proxyFiles = [
  'nginx/prefix-stripped.conf',
  'nginx/prefix-kept.conf',
  'caddy/prefix-stripped.Caddyfile',
  'caddy/prefix-kept.Caddyfile',
] as const;
export type ProxyFile = (typeof proxyFiles)[number];

/**
 * Starts a proxy as one of the files configures it, with this machine's addresses in the place of
 * the example's.
 */
export async function startProxy(file: ProxyFile, options: ProxyOptions): Promise<ListeningProgram> {
  const { folder, port, servicePort, applicationPort } = options;
  const shipped = await readFile(join(root, 'examples', file), 'utf8');
  const common = replaceEach(shipped, [
    ['127.0.0.1:4100', `127.0.0.1:${servicePort}`],
    ['127.0.0.1:3000', `127.0.0.1:${applicationPort}`],
  ]);
  if (file.startsWith('nginx/')) {
    return await startNginx({ folder, port, configuration: nginxHere(common, options) });
  }
  const configuration = join(folder, 'Caddyfile');
  await writeFile(configuration, caddyHere(common, options));
  const command = [caddyProgram, 'run', '--config', configuration, '--adapter', 'caddyfile'];
  return await startListening({ command, folder, env: cleanEnvironment(folder), port });
}

function nginxHere(text: string, { folder, port, certificate }: ProxyOptions): string {
  return replaceEach(text, [
    ['listen 80;', `listen unix:${join(folder, 'http.sock')};`],
    ['listen 443 ssl', `listen 127.0.0.1:${port} ssl`],
    ['/etc/ssl/app.example.com.crt', certificate.certFile],
    ['/etc/ssl/app.example.com.key', certificate.keyFile],
    ['/var/log/nginx/', `${folder}/`],
  ]);
}

function caddyHere(text: string, { folder, port, certificate }: ProxyOptions): string {
  return replaceEach(text, [
    ['\n{\n', '\n{\nadmin off\nauto_https disable_redirects\ndefault_bind 127.0.0.1\n'],
    ['app.example.com {\n', `app.example.com:${port} {\ntls ${certificate.certFile} ${certificate.keyFile}\n`],
    ['/var/log/caddy/', `${folder}/`],
  ]);
}

/** @throws when a text that is to be replaced is not there. */
function replaceEach(text: string, pairs: readonly (readonly [string, string])[]): string {
  let result = text;
  for (const [from, to] of pairs) {
    if (!result.includes(from)) throw new Error(`the example holds no ${JSON.stringify(from)}`);
    result = result.replaceAll(from, to);
  }
  return result;
}
