import { shell } from '@authsvc/client/shell-command';
import type { Mail, MailMessage } from '@authsvc/core';
import { html } from '@remix-run/html-template';
import { texts } from '../texts/texts.ts';
import { box, button, layOutMail, type MailStyle, paragraph, quietParagraph } from './layout.ts';
import { linkToReset } from './links.ts';

type ResetMail = Extract<Mail, { kind: 'reset' }>;

/**
 * Writes the mail with a reset token: a link to the page where it is used, or, where there are no
 * pages, the command.
 */
export function writeResetMail(mail: ResetMail, style: MailStyle, pagesUrl: URL | undefined): MailMessage {
  const { to } = mail;
  const { text, content } = pagesUrl === undefined ? withCommand(mail, style) : withLink(mail, style, pagesUrl);
  return {
    to,
    subject: texts.mails.reset.subject(style.productName),
    text,
    html: layOutMail(style, texts.mails.reset.heading, content),
  };
}

function withLink({ to, token, expiresInMs }: ResetMail, style: MailStyle, pagesUrl: URL) {
  const link = linkToReset(pagesUrl, to, token);
  const reason = texts.mails.reset.reason(to, style.productName);
  const expiry = texts.mails.reset.linkExpiry(minutes(expiresInMs));
  const text = `${reason}

${texts.mails.reset.openPage}

${link}

${texts.mails.reset.orToken}

    ${token}

${expiry}

${texts.mails.reset.ignore}
`;
  const content = html`${paragraph(reason)}${button(style, link, texts.mails.reset.button)}${paragraph(texts.mails.reset.orToken)}${box(token)}${paragraph(expiry)}${quietParagraph(texts.mails.reset.ignore)}`;
  return { text, content };
}

function withCommand({ to, token, expiresInMs }: ResetMail, style: MailStyle) {
  const command = shell`authsvc reset --email ${to} --token-stdin`;
  const reason = texts.mails.reset.reason(to, style.productName);
  const expiry = texts.mails.reset.tokenExpiry(minutes(expiresInMs));
  const text = `${reason}

${texts.mails.reset.token}

    ${token}

${expiry}

    ${command}

${texts.mails.reset.ignore}
`;
  const content = html`${paragraph(reason)}${paragraph(texts.mails.reset.token)}${box(token)}${paragraph(expiry)}${box(command)}${quietParagraph(texts.mails.reset.ignore)}`;
  return { text, content };
}

function minutes(milliseconds: number): string {
  return texts.mails.minutes(Math.ceil(milliseconds / 60_000));
}
