import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeCertificate } from '../../../../test/certificate.ts';
import { type MailServer, type MailServerOptions, startMailServer } from '../../../../test/mail-server.ts';
import { createSmtpTransport, greetingName } from './smtp-transport.ts';

const token = 'a4d19e2f-88f1-4bc4-89f7-7d39b98a3d44';
const mail = {
  to: 'user@example.com',
  subject: 'Reset your password',
  text: `Your token:\n\n    ${token}\n`,
  html: `<p>${token}</p>`,
};
const from = 'Example <auth@example.com>';

describe('createSmtpTransport', () => {
  let folder: string;
  const servers: MailServer[] = [];

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'authsvc-core-'));
  });
  afterEach(async () => {
    for (const server of servers.splice(0)) await server.stop();
    await rm(folder, { recursive: true });
  });

  async function start(options?: MailServerOptions): Promise<MailServer> {
    const server = await startMailServer(options);
    servers.push(server);
    return server;
  }
  const codeOf = (sending: Promise<void>) =>
    sending.then(
      () => 'sent',
      (error: NodeJS.ErrnoException) => error.code,
    );

  it('sends text and HTML to one address, marked as automatic', async () => {
    const server = await start();
    await createSmtpTransport({ url: `smtp://ada:p%40ss@localhost:${server.port}`, from }).send(mail);
    expect(server.mails).toMatchObject([{ to: ['user@example.com'], user: 'ada', secure: false, resetToken: token }]);
    const { source = '' } = server.mails[0] ?? {};
    expect(source).toContain('From: Example <auth@example.com>\r\n');
    expect(source).toContain('To: user@example.com\r\n');
    expect(source).toContain('Subject: Reset your password\r\n');
    expect(source).toContain('Auto-Submitted: auto-generated\r\n');
    expect(source).toMatch(/Content-Type: text\/plain[\s\S]*Content-Type: text\/html/);
  });

  it.each([
    'Ada & Söhne <3',
    'a"b\\c, d; e@example.com',
    'x'.repeat(60),
    '帳號'.repeat(30),
    // A setting admits none of these; here nodemailer alone holds the line.
    'Example\r\nBcc: eve@example.com\r\n\r\nHello',
  ])('writes the name %j of the sender, and in a subject, without adding a header', async (name) => {
    const server = await start();
    const sender = { name, address: 'auth@example.com' };
    const subject = `Reset your ${name} password`;
    const transport = createSmtpTransport({ url: `smtp://localhost:${server.port}`, from: sender });
    await transport.send({ ...mail, subject });
    const received = server.mails[0]?.parsed;
    if (!received) throw new Error('no mail arrived');
    // Encoded as one word, line breaks and all.
    expect(received.from).toEqual(sender);
    expect(received.subject).toBe(subject.replaceAll('\r\n', ' '));
    expect(received.to).toEqual([{ name: '', address: 'user@example.com' }]);
    expect(received.messageId).toMatch(/^<[\da-f-]{36}@example\.com>$/);
    expect(received.headers.map(({ key }) => key).sort()).toEqual([
      ...['auto-submitted', 'content-type', 'date', 'from', 'message-id', 'mime-version', 'subject', 'to'],
    ]);
    expect(server.mails[0]?.to).toEqual(['user@example.com']);
  });

  it.each([
    ['smtps', true],
    ['smtp', false],
  ])('hands nothing to a server whose certificate is not trusted, by %s', async (protocol, secure) => {
    const server = await start({ certificate: makeCertificate(folder), secure });
    const transport = createSmtpTransport({ url: `${protocol}://ada:secret@localhost:${server.port}`, from });
    expect(await codeOf(transport.send(mail))).toMatch(/^E(SOCKET|TLS)$/);
    expect(server.mails).toEqual([]);
  });

  it('insists on TLS beyond this machine', async () => {
    const server = await start();
    // Another spelling is not taken for this machine.
    const transport = createSmtpTransport({ url: `smtp://LOCALHOST:${server.port}`, from });
    expect(await codeOf(transport.send(mail))).toBe('ETLS');
    expect([server.connections(), server.mails]).toEqual([1, []]);
  });

  it.each([undefined, 'localhost', '127.0.0.1', 'auth.example.com'])(
    'gets a mail through where names without a dot and addresses are refused, its own host being %s',
    async (publicHost) => {
      const server = await start({ refusesGreeting: (name) => !/^[a-z][\w-]*(\.[\w-]+)+$/i.test(name) });
      await createSmtpTransport({ url: `smtp://localhost:${server.port}`, from, publicHost }).send(mail);
      expect(server.mails).toHaveLength(1);
      if (publicHost === 'auth.example.com') expect(server.greetings).toEqual([publicHost]);
    },
  );

  it.each([
    ['auth.example.com', 'mail.example.net', 'auth.example.com'],
    ['xn--bcher-kva.example', 'box', 'xn--bcher-kva.example'],
    [undefined, 'mail.example.net', 'mail.example.net'],
    ['localhost', 'box', 'localhost.localdomain'],
    ['203.0.113.9', 'box.example.', 'localhost.localdomain'],
    ['[2001:db8::1]', 'my_box.example.net', 'localhost.localdomain'],
  ])('greets as %s, on the machine %s, by the name %s', (publicHost, machine, name) => {
    expect(greetingName(publicHost, machine)).toBe(name);
  });

  it('fails where nothing listens', async () => {
    const server = await start();
    await server.stop();
    servers.splice(0);
    expect(await codeOf(createSmtpTransport({ url: `smtp://localhost:${server.port}`, from }).send(mail))).toBe(
      'ESOCKET',
    );
  });

  it('is cut short by its signal, and lets go of the connection', async () => {
    const silent = createServer().listen(0, '127.0.0.1');
    const connected = new Promise<Socket>((resolve) => silent.once('connection', resolve));
    await once(silent, 'listening');
    const { port } = silent.address() as AddressInfo;
    const cut = new AbortController();
    const sending = codeOf(createSmtpTransport({ url: `smtp://127.0.0.1:${port}`, from }).send(mail, cut.signal));
    const socket = await connected;
    const closed = once(socket.resume(), 'close');
    cut.abort();
    expect(await sending).toBe('EABORT');
    await closed;
    silent.close();
  });
});
