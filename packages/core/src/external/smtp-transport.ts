import { hostname as machineName } from 'node:os';
import type { MailTransport } from '../ports.ts';

/** The longest wait for a silent mail server, in milliseconds. */
const CONNECTION_TIMEOUT_MS = 5000;
const SOCKET_TIMEOUT_MS = 10_000;
/** A try ends before the next one is due, so that a mail is never sent twice at a time. */
const TOTAL_TIMEOUT_MS = 25_000;

export interface SmtpTransportOptions {
  /**
   * `smtp://`, with STARTTLS required beyond loopback, or `smtps://`; with credentials if needed.
   */
  readonly url: string;
  /** An address, or `Name <address>`; a name that is given apart may be any text. */
  readonly from: string | { readonly name: string; readonly address: string };
  /** The host of the public URL. If it is a name, the mail server is greeted with it. */
  readonly publicHost?: string | undefined;
}

const DOMAIN = /^(?=.{4,253}$)(?:[a-z\d](?:[a-z\d-]{0,61}[a-z\d])?\.)+[a-z](?:[a-z\d-]{0,61}[a-z\d])?$/i;

/**
 * The name in EHLO. Many servers refuse an address, such as `[127.0.0.1]`, and a name without a
 * dot.
 */
export function greetingName(publicHost: string | undefined, machine = machineName()): string {
  return [publicHost, machine].find((name) => name !== undefined && DOMAIN.test(name)) ?? 'localhost.localdomain';
}

/**
 * Send through an SMTP server, whose certificate is verified. The library is loaded with the first
 * mail.
 */
export function createSmtpTransport({ url, from, publicHost }: SmtpTransportOptions): MailTransport {
  const { protocol, hostname, port, username, password } = new URL(url);
  const secure = protocol === 'smtps:';
  const isLocal = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(hostname);
  const loading = async () => {
    const { createTransport } = await import('nodemailer');
    return createTransport({
      name: greetingName(publicHost),
      host: hostname.replace(/^\[|\]$/g, ''),
      port: Number(port || (secure ? 465 : 587)),
      secure,
      requireTLS: !secure && !isLocal,
      ...(username !== '' && { auth: { user: decodeURIComponent(username), pass: decodeURIComponent(password) } }),
      connectionTimeout: CONNECTION_TIMEOUT_MS,
      greetingTimeout: CONNECTION_TIMEOUT_MS,
      socketTimeout: SOCKET_TIMEOUT_MS,
      disableFileAccess: true,
      disableUrlAccess: true,
    });
  };
  let transport: ReturnType<typeof loading> | undefined;
  return {
    send: async ({ to, subject, text, html }, signal) => {
      transport ??= loading();
      const deadline = AbortSignal.timeout(TOTAL_TIMEOUT_MS);
      const message = {
        from,
        to: { name: '', address: to },
        subject,
        text,
        html,
        headers: { 'Auto-Submitted': 'auto-generated' },
        signal: signal ? AbortSignal.any([signal, deadline]) : deadline,
      };
      await (await transport).sendMail(message);
    },
  };
}
