import { mkdir } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { makeCertificate } from '../../../test/certificate.ts';
import { freePort } from '../../../test/free-port.mjs';
import { startMailServer } from '../../../test/mail-server.ts';
import { startDaemon } from '../../support/daemon.ts';
import { send } from '../../support/http-client.mjs';
import { makeDatabase } from '../database.ts';
import type { Row, RowContext } from '../row.ts';
import { judge } from '../run-row.ts';

type Size = 'replies' | 'hanging-tries' | 'reply-ms';
const MOST_TRIES = 6;
const BETWEEN_LOOKS_MS = 20;
const email = 'ada@example.com';

/** A mail server that takes no mail. */
interface BadServer {
  readonly what: string;
  readonly url: string;
  /** How many tries are waited for. */
  readonly tries: number;
  connections?(): number;
}

export const smtpRow: Row<Size> = {
  name: 'smtp',
  fault: 'SMTP refused, hanging, bad certificate',
  dialects: ['sqlite'],
  // The real limit is that of the full run, on a machine that is otherwise idle. A try at a server
  // that hangs takes 5 s.
  sizes: {
    small: { replies: 5, 'hanging-tries': 1, 'reply-ms': 10_000 },
    full: { replies: 50, 'hanging-tries': MOST_TRIES, 'reply-ms': 1000 },
  },
  async run(context) {
    const { size, folder } = context;
    const failures: string[] = [];
    const counted: string[] = [];
    let slowestMs = 0;
    let replies = 0;
    let asked = 0;
    const tryServer = async (server: BadServer) => {
      const home = join(folder, server.what.replaceAll(' ', '-'));
      await mkdir(home);
      const daemon = await startDaemon({
        home,
        settings: { AUTHSVC_SMTP_URL: server.url, AUTHSVC_EMAIL_VERIFICATION: 'off' },
      });
      context.onEnd(() => daemon.stop());
      const database = await makeDatabase('sqlite', home);
      const times = (event: string) => daemon.stderr().split(`"event":"${event}"`).length - 1;
      const ask = async (address: string) => {
        asked += 1;
        const started = performance.now();
        const { status, body } = await send(daemon.url, 'POST /reset_password', { json: { email: address } });
        slowestMs = Math.max(slowestMs, performance.now() - started);
        const expected = JSON.stringify({ email: address, message: 'reset instructions sent' });
        if (status === 200 && JSON.stringify(body) === expected) replies += 1;
        else {
          failures.push(`${server.what}: answered ${status} ${JSON.stringify(body)}`);
        }
      };
      await send(daemon.url, 'POST /users', { json: { email, password: 'correct horse battery' } });
      await ask(email);
      for (let reply = 0; reply < size.replies; reply += 1) await ask(`nobody${reply}@example.com`);

      for (let tried = 1; tried <= server.tries; tried += 1) {
        while (times('reset_mail_failed') + times('reset_mail_given_up') < tried) await setTimeout(BETWEEN_LOOKS_MS);
        // The next try would be due in half a minute, and each later one after twice as long. So it
        // is made due now; a reset request for another account wakes the sender.
        await database.query(`update mails set next_attempt_at = 0 where email = '${email}'`);
        await ask('other@example.com');
      }
      const left = await database.query(`select attempts from mails where email = '${email}'`);
      const givenUp = times('reset_mail_given_up');
      const isOver = server.tries === MOST_TRIES;
      if (isOver && (givenUp !== 1 || left.length > 0))
        failures.push(`${server.what}: not given up, ${left.length} owed`);
      if (!isOver && left.length !== 1) failures.push(`${server.what}: no longer owed`);
      if (times('reset_mail_sent') > 0) failures.push(`${server.what}: said to be sent`);
      const connections = server.connections?.();
      if (isOver && connections !== undefined && connections > MOST_TRIES) {
        failures.push(`${server.what}: ${connections} connections`);
      }
      counted.push(`${server.what}: ${server.tries} tries, given up with an event ${givenUp} times`);
    };
    await Promise.all((await badServers(context)).map(tryServer));
    if (slowestMs > size['reply-ms']) failures.push(`a reply took ${Math.round(slowestMs)} ms`);
    return judge(
      'asked for resets of an account and of unknown addresses, with a mail server that takes no mail',
      asked,
      `${replies} times the same reply, slowest ${Math.round(slowestMs)} ms; ${counted.join('; ')}`,
      failures,
    );
  },
};

async function badServers({ size, folder, onEnd }: RowContext<Size>): Promise<BadServer[]> {
  const untrusted = await startMailServer({ certificate: makeCertificate(folder), secure: true });
  onEnd(untrusted.stop);
  const silent = new Set<Socket>();
  let silentConnections = 0;
  const hanging = createServer((socket) => {
    silentConnections += 1;
    silent.add(socket);
    socket.on('error', () => socket.destroy());
  });
  const port = await freePort();
  await new Promise<void>((resolve) => hanging.listen(port, '127.0.0.1', resolve));
  onEnd(() => {
    for (const socket of silent) socket.destroy();
    hanging.close();
  });
  return [
    { what: 'refused', url: `smtp://127.0.0.1:${await freePort()}`, tries: MOST_TRIES },
    {
      what: 'hanging',
      url: `smtp://127.0.0.1:${port}`,
      tries: size['hanging-tries'],
      connections: () => silentConnections,
    },
    { what: 'bad certificate', url: `smtps://localhost:${untrusted.port}`, tries: MOST_TRIES },
  ];
}
