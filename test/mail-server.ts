import { EventEmitter, on } from 'node:events';
import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import PostalMime, { type Email } from 'postal-mime';
import { SMTPServer } from 'smtp-server';
import type { Certificate } from './certificate.ts';

export interface ReceivedMail {
  readonly to: readonly string[];
  /** Who logged in to send it. */
  readonly user: string | undefined;
  readonly secure: boolean;
  /** As it came, headers first. */
  readonly source: string;
  /** As a mail program reads it. */
  readonly parsed: Email;
  /** The line of its text that is nothing but a token. */
  readonly resetToken: string;
}

export type MailServer = Awaited<ReturnType<typeof startMailServer>>;

export interface MailServerOptions {
  readonly port?: number;
  /** Without one, no TLS is offered. */
  readonly certificate?: Certificate;
  /** TLS from the first byte instead of STARTTLS. */
  readonly secure?: boolean;
  /** Whether a client that greets by this name is refused. */
  readonly refusesGreeting?: (name: string) => boolean;
  /** Takes connections and mails, and never answers a mail. */
  readonly hangs?: boolean;
}

/** Starts a real SMTP server on loopback that admits every login and keeps every mail. */
export async function startMailServer(options: MailServerOptions = {}) {
  const { certificate, hangs = false, refusesGreeting = () => false } = options;
  const greetings: string[] = [];
  const changes = new EventEmitter();
  const mails: ReceivedMail[] = [];
  let connections = 0;
  const server = new SMTPServer({
    secure: options.secure ?? false,
    authOptional: true,
    allowInsecureAuth: true,
    disableReverseLookup: true,
    disabledCommands: certificate ? [] : ['STARTTLS'],
    closeTimeout: 100,
    ...(certificate && { key: readFileSync(certificate.keyFile), cert: readFileSync(certificate.certFile) }),
    onAuth: ({ username }, _session, callback) => callback(null, { user: username ?? '' }),
    onConnect: (_session, callback) => {
      connections += 1;
      changes.emit('change');
      callback();
    },
    onMailFrom: (_address, { hostNameAppearsAs }, callback) => {
      if (refusesGreeting(hostNameAppearsAs)) return callback(new Error('your name is not acceptable'));
      greetings.push(hostNameAppearsAs);
      callback();
    },
    onData: (stream, { envelope, user, secure }, callback) => {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', async () => {
        if (hangs) return;
        const source = Buffer.concat(chunks).toString();
        const parsed = await PostalMime.parse(source);
        const [, resetToken = ''] = /^ +([\da-f-]{36})$/m.exec(parsed.text ?? '') ?? [];
        mails.push({ to: envelope.rcptTo.map(({ address }) => address), user, secure, source, parsed, resetToken });
        changes.emit('change');
        callback();
      });
    },
  });
  // Some tests make a client hang up because of the certificate: that is no failure.
  server.on('error', () => undefined);
  await new Promise<void>((resolve) => server.listen(options.port ?? 0, '127.0.0.1', resolve));

  async function until<Value>(find: () => Value | undefined): Promise<Value> {
    const stopped = new AbortController();
    const changing = on(changes, 'change', { signal: stopped.signal });
    try {
      for (;;) {
        const value = find();
        if (value !== undefined) return value;
        await changing.next();
      }
    } finally {
      await changing.return?.();
    }
  }
  return {
    port: (server.server.address() as AddressInfo).port,
    mails: mails as readonly ReceivedMail[],
    /** The names that clients greeted by and sent a mail under. */
    greetings: greetings as readonly string[],
    /** How many connections there were, whether or not a mail came of them. */
    connections: () => connections,
    /** Resolves with the nth mail from the start, counted from 1. */
    mail: (nth: number) => until(() => mails[nth - 1]),
    /** Resolves once a client connects. */
    connected: async () => {
      await until(() => connections || undefined);
    },
    stop: () => new Promise<void>((resolve) => server.close(() => resolve())),
  };
}
