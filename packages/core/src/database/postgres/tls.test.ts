import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TLSSocket } from 'node:tls';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type PostgresServer, startPostgresServer } from '../../../../../test/postgres-server.mjs';
import { openPostgresDatabase } from './open.ts';

/** What a client sends first, to ask for TLS: eight bytes, which are the same for all. */
const SSL_REQUEST = '0000000804d2162f';

describe('openPostgresDatabase, and who it talks to', () => {
  let folder: string;
  const file = (name: string) => join(folder, name);

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'authsvc-tls-'));
    await Promise.all(['server', 'stranger'].map(makeCertificate));
  });
  afterAll(() => rm(folder, { recursive: true }));

  /** A certificate for this machine that is its own authority. */
  async function makeCertificate(name: string) {
    const subject = ['-subj', `/CN=${name}`, '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'];
    const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', file(`${name}.key`)];
    await promisify(execFile)('openssl', [
      'req',
      '-x509',
      '-days',
      '2',
      ...key,
      '-out',
      file(`${name}.crt`),
      ...subject,
    ]);
  }

  describe('with a server that speaks TLS', () => {
    let server: PostgresServer;

    beforeAll(async () => {
      server = await startPostgresServer({ certificate: { cert: file('server.crt'), key: file('server.key') } });
    });
    afterAll(() => server.remove());

    it('reaches it when its authority is named', async () => {
      const database = await openPostgresDatabase({ url: `${server.url}?sslrootcert=${file('server.crt')}` });
      const { rows } = await database.read.raw('select ssl from pg_stat_ssl where pid = pg_backend_pid()');
      await database.close();
      expect(rows).toEqual([{ ssl: true }]);
    });

    it.each([
      [
        'no authority is named',
        '',
        /^the database postgres at 127\.0\.0\.1 cannot be reached: self-signed certificate(;|$)/,
      ],
      [
        'another authority is',
        '?sslrootcert=stranger',
        /^the database postgres at 127\.0\.0\.1 cannot be reached: .*self-signed certificate/,
      ],
      ['sslmode=no-verify asks for less', '?sslmode=no-verify', /cannot be reached: self-signed certificate(;|$)/],
    ])('refuses it when %s', async (_when, parameters, sentence) => {
      const url = `${server.url}${parameters.replace('stranger', file('stranger.crt'))}`;
      await expect(openPostgresDatabase({ url })).rejects.toThrow(sentence);
    });
  });

  /** A server that records what it is sent, in the clear and within TLS. */
  async function listenWith(answer: 'S' | 'N') {
    const certificate = { key: await readFile(file('server.key')), cert: await readFile(file('server.crt')) };
    const heard = { plain: '', secret: '' };
    const server = createServer((socket: Socket) => {
      socket.on('error', () => socket.destroy());
      socket.once('data', (request) => {
        heard.plain += request.toString('hex');
        socket.write(answer);
        if (answer === 'N') {
          socket.on('data', (more) => {
            heard.plain += more.toString('hex');
          });
          return;
        }
        const secure = new TLSSocket(socket, { isServer: true, ...certificate });
        secure.on('error', () => secure.destroy());
        secure.on('data', (more) => {
          heard.secret += more.toString('hex');
        });
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const close = async () => {
      server.close();
      await once(server, 'close');
    };
    return { url: `postgres://ada:secret@localhost:${port}/auth`, heard, close };
  }

  it.each([
    ['whose certificate is not trusted', 'S'],
    ['that has no TLS', 'N'],
  ] as const)('sends nothing, not even a name, to a server %s', async (_which, answer) => {
    const { url, heard, close } = await listenWith(answer);
    await expect(openPostgresDatabase({ url })).rejects.toThrow(/^the database auth at localhost cannot be reached: /);
    await close();
    expect(heard).toEqual({ plain: SSL_REQUEST, secret: '' });
  });

  it('speaks with that certificate once it is vouched for', async () => {
    const { url, heard, close } = await listenWith('S');
    const opening = openPostgresDatabase({ url: `${url}?sslrootcert=${file('server.crt')}` });
    // The test server does not answer.
    await expect(opening).rejects.toThrow('cannot be reached');
    await close();
    expect(Buffer.from(heard.secret, 'hex').toString('latin1')).toContain('user\0ada\0database\0auth\0');
  });
});
