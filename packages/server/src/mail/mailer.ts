import { createFolderTransport, createSmtpTransport, type Mailer, type MailTransport } from '@authsvc/core';
import type { Config } from '../config/config.ts';
import type { FindPages } from './links.ts';
import { writeMail } from './write-mail.ts';

/** @param findPages called for each mail, which is sent only once the service listens. */
export function createMailer(config: Config, findPages: FindPages): Mailer {
  const transport = createTransport(config);
  return {
    send: async (mail, signal) => {
      await transport.send(writeMail(mail, config, findPages()), signal);
    },
  };
}

function createTransport({ smtpUrl, mailFolder, mailFrom, productName, publicUrl }: Config): MailTransport {
  if (mailFolder !== undefined) return createFolderTransport(mailFolder);
  if (smtpUrl !== undefined) {
    // An address alone is shown under the product's name.
    const from = mailFrom.includes('<') ? mailFrom : { name: productName, address: mailFrom };
    return createSmtpTransport({ url: smtpUrl, from, publicHost: publicUrl?.hostname });
  }
  return {
    // With other deliveries, a mail is owed only if an earlier setting left it.
    send: async () => {
      throw new Error('no mail server is set');
    },
  };
}
