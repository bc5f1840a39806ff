import { shell } from '@authsvc/client/shell-command';
import type { Mail, MailMessage } from '@authsvc/core';
import { html } from '@remix-run/html-template';
import { texts } from '../texts/texts.ts';
import { box, button, layOutMail, type MailStyle, paragraph, quietParagraph } from './layout.ts';
import { linkTo, linkToToken, type TokenMail } from './links.ts';

/**
 * Writes a mail: with a link to the page where it leads, or, where there are no pages, with the
 * command. It holds no text that a stranger chose but the address that it goes to.
 */
export function writeMail(mail: Mail, style: MailStyle, pagesUrl: URL | undefined): MailMessage {
  const said = texts.mails[mail.kind];
  const { text, content } = pagesUrl === undefined ? withCommand(mail, style) : withLink(mail, style, pagesUrl);
  return {
    to: mail.to,
    subject: said.subject(style.productName),
    text,
    html: layOutMail(style, said.heading, content),
  };
}

function withLink(mail: Mail, style: MailStyle, pagesUrl: URL) {
  const { reason, openPage, button: label, ignore } = texts.mails[mail.kind];
  const why = reason(mail.to, style.productName);
  const link = 'token' in mail ? linkToToken(pagesUrl, mail) : linkTo(pagesUrl, '/reset', { email: mail.to });
  const token = 'token' in mail ? { ...mail, expiry: texts.mails.linkExpiry(lifetimeOf(mail)) } : undefined;
  const text = paragraphs(
    why,
    openPage,
    link,
    ...(token ? [texts.mails.orToken, indented(token.token), token.expiry] : []),
    ignore,
  );
  const content = html`${paragraph(why)}${token ? '' : paragraph(openPage)}${button(style, link, label)}${
    token && html`${paragraph(texts.mails.orToken)}${box(token.token)}${paragraph(token.expiry)}`
  }${quietParagraph(ignore)}`;
  return { text, content };
}

function withCommand(mail: Mail, style: MailStyle) {
  const { reason, ignore } = texts.mails[mail.kind];
  const why = reason(mail.to, style.productName);
  const command = commandFor(mail);
  if (!('token' in mail)) {
    const { openPage } = texts.mails[mail.kind];
    const text = paragraphs(why, openPage, indented(command), ignore);
    return { text, content: html`${paragraph(why)}${paragraph(openPage)}${box(command)}${quietParagraph(ignore)}` };
  }
  const label = texts.mails[mail.kind].token;
  const expiry = texts.mails.tokenExpiry(lifetimeOf(mail));
  const text = paragraphs(why, label, indented(mail.token), expiry, indented(command), ignore);
  const content = html`${paragraph(why)}${paragraph(label)}${box(mail.token)}${paragraph(expiry)}${box(command)}${quietParagraph(ignore)}`;
  return { text, content };
}

function commandFor(mail: Mail): string {
  switch (mail.kind) {
    case 'registration':
    case 'email_change':
      return shell`authsvc verify --email ${mail.to} --token-stdin`;
    case 'invitation':
      return shell`authsvc register --email ${mail.to} --invitation-stdin`;
    case 'reset':
      return shell`authsvc reset --email ${mail.to} --token-stdin`;
    default:
      return shell`authsvc reset --email ${mail.to}`;
  }
}

function paragraphs(...parts: readonly string[]): string {
  return `${parts.join('\n\n')}\n`;
}

function indented(text: string): string {
  return `    ${text}`;
}

function lifetimeOf({ expiresInMs }: TokenMail): string {
  return texts.mails.duration(Math.ceil(expiresInMs / 60_000));
}
