import { chmod, mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeCertificate } from '../../test/certificate.ts';
import { freePort } from '../../test/free-port.mjs';
import { queryPostgres } from '../../test/postgres-query.ts';
import { type PostgresServer, startPostgresServer } from '../../test/postgres-server.mjs';
import { packClient, prepareExample, prepareMilliseconds, startBackend } from '../examples/backends.ts';
import { environmentOf, readCaddyfile, readCompose, startCaddy, startOrder } from '../examples/compose.ts';
import { proxiesObstacle } from '../examples/proxies.ts';
import { type Daemon, startDaemon } from '../support/daemon.ts';
import { type SendOptions, send } from '../support/http-client.mjs';
import { root } from '../support/program.ts';
import { runAuthsvc } from '../support/run-authsvc.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';

const ada = { email: 'ada@example.com', password: 'correct horse battery' };
const cookieName = '__Host-session_id';

const compose = await readCompose();

describe('examples/compose', () => {
  it('starts each service after those that it needs', () => {
    expect(startOrder(compose)).toEqual(['postgres', 'authsvc', 'app', 'caddy']);
    for (const { depends_on: needed = {} } of Object.values(compose.services)) {
      for (const { condition } of Object.values(needed)) expect(condition).toBe('service_healthy');
    }
  });

  it.each([false, true])(
    'names only settings, volumes and secrets that there are (with mail: %s)',
    async (withMail) => {
      const { services, volumes, secrets = {} } = await readCompose({ withMail });
      const settings = new Set((await readFile(join(root, 'docs/settings.md'), 'utf8')).match(/AUTHSVC_\w+/g));
      const ofExample = await readFile(join(root, 'examples/express/README.md'), 'utf8');
      for (const name of Object.keys(services.authsvc.environment ?? {})) expect(settings).toContain(name);
      for (const name of Object.keys(services.app.environment ?? {})) expect(ofExample).toContain(`\`${name}\``);
      expect(services.authsvc.secrets ?? []).toEqual(withMail ? ['smtp-url'] : []);
      expect(Object.keys(secrets)).toEqual(services.authsvc.secrets ?? []);
      const mounted = Object.values(services).flatMap((service) => service.volumes ?? []);
      const named = mounted.map((volume) => volume.split(':')[0] ?? '').filter((name) => !name.startsWith('.'));
      expect([...new Set(named)].sort()).toEqual(Object.keys(volumes).sort());
    },
  );

  it('has the ports and the volume of the Dockerfile', async () => {
    const stages = (await readFile(join(root, 'Dockerfile'), 'utf8')).split(/^FROM /m);
    const exposed = (stage: string) =>
      /^EXPOSE (\d+)$/m.exec(stages.find((text) => text.includes(` AS ${stage}\n`)) ?? '')?.[1];
    const upstreams = [...(await readCaddyfile()).matchAll(/reverse_proxy (\S+)/g)].map(([, upstream]) => upstream);
    expect(upstreams).toEqual([`authsvc:${exposed('service')}`, `app:${exposed('example')}`]);
    expect(compose.services.app.environment?.AUTHSVC_INTERNAL_URL).toBe(`http://${upstreams[0]}`);
    expect(compose.services.authsvc.volumes).toContain('authsvc-data:/data');
    expect(stages.at(-1)).toMatch(/^VOLUME \/data$/m);
  });

  describe.skipIf(proxiesObstacle)('started by hand, in its order', () => {
    let folder: TemporaryFolder;
    let postgres: PostgresServer;
    let daemon: Daemon;
    let url: string;
    let authority: string;
    const stops: (() => unknown)[] = [];

    beforeAll(async () => {
      folder = await makeTemporaryFolder();
      const [port, servicePort] = [await freePort(), await freePort()];
      const domain = `localhost:${port}`;
      const { services, networks } = compose;

      // PostgreSQL, which only its socket reaches.
      const socketFolder = join(folder.path, 'socket');
      await mkdir(socketFolder);
      await chmod(folder.path, 0o755);
      await chmod(socketFolder, 0o777);
      postgres = await startPostgresServer({ settings: { unix_socket_directories: socketFolder } });
      stops.push(() => postgres.remove());
      const { password, port: postgresPort } = new URL(postgres.url);
      await queryPostgres(
        new URL(postgres.url),
        `create role authsvc login superuser password '${password}'`,
        'create database authsvc owner authsvc',
      );

      const settings = environmentOf(services.authsvc, domain);
      const mountedAt = services.authsvc.volumes
        ?.find((volume) => volume.startsWith('postgres-socket:'))
        ?.split(':')[1];
      expect(settings.AUTHSVC_DATABASE_URL).toBe(`postgres://authsvc@/authsvc?host=${mountedAt}`);
      expect(settings.AUTHSVC_TRUSTED_PROXIES).toBe(networks.default.ipam.config[0]?.subnet);
      daemon = await startDaemon({
        home: folder.path,
        settings: {
          ...settings,
          AUTHSVC_LISTEN_PORT: String(servicePort),
          AUTHSVC_DATABASE_URL: `postgres://authsvc@/authsvc?host=${socketFolder}&port=${postgresPort}`,
          PGPASSWORD: password,
          AUTHSVC_TRUSTED_PROXIES: '127.0.0.0/8',
        },
      });
      stops.push(() => daemon.stop());

      const example = await prepareExample('express', folder.path, await packClient(folder.path));
      const app = await startBackend('express', example, folder.path, {
        ...environmentOf(services.app, domain),
        AUTHSVC_INTERNAL_URL: `http://authsvc:${servicePort}`,
        NODE_OPTIONS: `--import ${resolving('authsvc', '127.0.0.1')}`,
      });
      stops.push(() => app.stop());

      const caddyFolder = join(folder.path, 'caddy');
      await mkdir(caddyFolder);
      const certificate = makeCertificate(folder.path);
      const upstreams = { 'authsvc:4100': `127.0.0.1:${servicePort}`, 'app:3000': `127.0.0.1:${app.port}` };
      const caddy = await startCaddy({ folder: caddyFolder, port, domain, certificate, upstreams });
      stops.push(() => caddy.stop());
      [url, authority] = [`https://${domain}`, certificate.authority];
    }, prepareMilliseconds);
    afterAll(async () => {
      for (const stop of stops.reverse()) await stop();
      await folder.remove();
    });

    /** Sends a request as a browser does, from an address of its own. */
    const browse = (target: string, options: SendOptions = {}) =>
      send(url, target, {
        authority,
        cookieName,
        from: '127.0.1.5',
        ...options,
        headers: { accept: 'text/html', origin: url, 'sec-fetch-site': 'same-origin' },
      });

    it('takes a person from the page of the service to the application, through Caddy', async () => {
      expect(await browse('GET /note')).toMatchObject({ status: 302 });
      const { headers, session } = await browse('POST /register', { form: ada });
      expect(headers.location).toBe('/note');
      expect((await browse('GET /note', { session })).text).toContain(`<h1>Hello, ${ada.email}</h1>`);

      const login = await browse('POST /auth/login', { form: ada });
      expect(login).toMatchObject({ status: 303, session: expect.stringMatching(/^[\w-]{43}$/) });
      expect((await browse('GET /note', { session: login.session })).text).toContain(`<h1>Hello, ${ada.email}</h1>`);
    });

    it('sees where people come from', async () => {
      for (const path of ['/login', '/auth/login']) {
        const { session } = await browse(`POST ${path}`, { form: ada });
        const { body } = await send(url, 'GET /auth/sessions', { authority, cookieName, session });
        const current = expect.objectContaining({ current: true, address: '127.0.1.5' });
        expect(body).toMatchObject({ sessions: expect.arrayContaining([current]) });
      }
    });

    it('answers to the name that the other containers use, and to no other', async () => {
      const ask = (host: string) => send(daemon.url, 'GET /whoami', { headers: { host } });
      expect(await ask('authsvc:4100')).toMatchObject({ status: 401 });
      expect(await ask('postgres:4100')).toMatchObject({ status: 421 });
    });

    it('is run by the commands of the service beside it', async () => {
      const env = { AUTHSVC_DATA_DIR: daemon.dataFolder };
      const { stdout } = await runAuthsvc(['users', 'list', '--json'], { home: folder.path, env });
      expect(stdout).toContain(ada.email);
    });
  });
});

/** A module that resolves a name to an address where it is imported, as compose's DNS does. */
function resolving(name: string, address: string): string {
  const module = `import dns from 'node:dns';
    const { lookup } = dns;
    dns.lookup = (host, ...rest) => lookup(host === '${name}' ? '${address}' : host, ...rest);`;
  return `data:text/javascript,${encodeURIComponent(module)}`;
}
