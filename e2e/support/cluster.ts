import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { makeCertificate } from '../../test/certificate.ts';
import { freePort } from '../../test/free-port.mjs';
import { startDaemon } from './daemon.ts';
import { type Answer, type SendOptions, send } from './http-client.mjs';
import { startDocumentedNginx } from './nginx.ts';
import { makePostgresDatabase } from './postgres.ts';

const ADDRESSES = 200;
const cookieName = '__Host-session_id';

/** Starts instances that share a PostgreSQL database, behind nginx with TLS. */
export async function startCluster(folder: string, { instanceCount }: { instanceCount: number }) {
  const port = await freePort();
  const databaseUrl = await makePostgresDatabase();
  const mailFolder = join(folder, 'mails');
  const stops: (() => unknown)[] = [];
  const stop = async () => {
    for (const stopOne of stops.splice(0).reverse()) await stopOne();
  };
  const startInstance = async (_: unknown, index: number) => {
    const home = join(folder, `instance${index}`);
    await mkdir(home);
    const daemon = await startDaemon({
      home,
      settings: {
        AUTHSVC_DATABASE_URL: databaseUrl,
        AUTHSVC_PUBLIC_URL: `https://localhost:${port}`,
        AUTHSVC_MAIL_DIR: mailFolder,
        AUTHSVC_EMAIL_VERIFICATION: 'off',
      },
    });
    stops.push(() => daemon.stop());
    return daemon;
  };
  try {
    const instances = await Promise.all(Array.from({ length: instanceCount }, startInstance));
    const nginxFolder = join(folder, 'nginx');
    await mkdir(nginxFolder);
    const certificate = makeCertificate(folder);
    const upstreams = instances.map(({ url }) => url);
    const nginx = await startDocumentedNginx({ folder: nginxFolder, port, certificate, upstreams });
    stops.push(nginx.stop);

    let requests = 0;
    return {
      instances,
      databaseUrl,
      /** Where each instance writes the mails that it sends. */
      mailFolder,
      /** Sends a request by nginx; each time from the next of 200 addresses. */
      send: (target: string, options?: SendOptions): Promise<Answer> => {
        requests += 1;
        const from = `127.0.1.${1 + (requests % ADDRESSES)}`;
        const { authority } = certificate;
        return send(`https://localhost:${port}`, target, { cookieName, from, authority, ...options });
      },
      /** Sends a request to one instance, past nginx. */
      sendTo: (instance: number, target: string, options?: SendOptions) =>
        send(upstreams[instance] ?? '', target, { cookieName, ...options }),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

export type Cluster = Awaited<ReturnType<typeof startCluster>>;
