import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Certificate } from '../../test/certificate.ts';
import { type ListeningProgram, startListening } from '../support/listening-program.ts';
import { cleanEnvironment, root } from '../support/program.ts';
import { readYaml } from '../support/read-yaml.ts';

export interface ComposeService {
  readonly image?: string;
  readonly build?: string | { readonly context: string; readonly target: string };
  readonly environment?: Readonly<Record<string, string>>;
  readonly secrets?: readonly string[];
  readonly volumes?: readonly string[];
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly healthcheck?: { readonly test: readonly string[] };
  readonly read_only?: boolean;
  readonly ports?: readonly string[];
}

export interface Compose {
  readonly services: Readonly<Record<'postgres' | 'authsvc' | 'app' | 'caddy', ComposeService>>;
  readonly networks: {
    readonly default: { readonly ipam: { readonly config: readonly { readonly subnet: string }[] } };
  };
  readonly volumes: Readonly<Record<string, unknown>>;
  readonly secrets?: Readonly<Record<string, { readonly file: string }>>;
}

/**
 * Reads examples/compose/compose.yaml as it is, or with the lines for a mail server, which are
 * comments there.
 */
export async function readCompose({ withMail = false } = {}): Promise<Compose> {
  const text = await readExample('compose.yaml');
  return readYaml(withMail ? text.replaceAll(/^( *)# (AUTHSVC_|secrets:| {2}smtp-url:)/gm, '$1$2') : text) as Compose;
}

export function readCaddyfile(): Promise<string> {
  return readExample('Caddyfile');
}

/** The names of the services, each after those that it waits for. */
export function startOrder({ services }: Compose): string[] {
  const ordered: string[] = [];
  const visit = (name: string): void => {
    if (ordered.includes(name)) return;
    Object.keys(services[name as keyof Compose['services']].depends_on ?? {}).forEach(visit);
    ordered.push(name);
  };
  Object.keys(services).forEach(visit);
  return ordered;
}

/** What compose makes of a variable's default, `${DOMAIN:-localhost}`, where `DOMAIN` is set. */
export function environmentOf({ environment = {} }: ComposeService, domain: string): Record<string, string> {
  const fill = (value: string) => value.replaceAll(/\$\{DOMAIN:-localhost\}/g, domain);
  return Object.fromEntries(Object.entries(environment).map(([name, value]) => [name, fill(String(value))]));
}

export interface CaddyOptions {
  /** An empty folder for all that it keeps. */
  readonly folder: string;
  readonly port: number;
  readonly domain: string;
  readonly certificate: Certificate;
  /** Where the names of the example lead to on this machine. */
  readonly upstreams: Readonly<Record<string, string>>;
}

/** Starts Caddy with the example's configuration, and this machine's ports. */
export async function startCaddy(options: CaddyOptions): Promise<ListeningProgram> {
  const { folder, port, domain, certificate, upstreams } = options;
  let text = await readCaddyfile();
  for (const [from, to] of [
    ['\n{\n', '\n{\nadmin off\nauto_https disable_redirects\ndefault_bind 127.0.0.1\n'],
    ['{$DOMAIN} {\n', `{$DOMAIN} {\ntls ${certificate.certFile} ${certificate.keyFile}\n`],
    ...Object.entries(upstreams),
  ] as const) {
    if (!text.includes(from)) throw new Error(`the example holds no ${JSON.stringify(from)}`);
    text = text.replaceAll(from, to);
  }
  const configuration = join(folder, 'Caddyfile');
  await writeFile(configuration, text);
  const command = ['/usr/bin/caddy', 'run', '--config', configuration, '--adapter', 'caddyfile'];
  const env = cleanEnvironment(folder, { DOMAIN: domain });
  return await startListening({ command, folder, env, port });
}

function readExample(name: string): Promise<string> {
  return readFile(join(root, 'examples', 'compose', name), 'utf8');
}
