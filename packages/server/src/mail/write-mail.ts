import { shell } from '@authsvc/client/shell-command';
import type { Mail, MailMessage, NoticeMail } from '@authsvc/core';
import { html, type SafeHtml } from '@remix-run/html-template';
import { texts } from '../texts/texts.ts';
import { box, button, layOutMail, type MailStyle, paragraph, quietParagraph } from './layout.ts';
import { linkTo, linkToNotMe, linkToToken, type TokenMail } from './links.ts';
import { factsOf } from './notice-facts.ts';

/**
 * Writes a mail: with a link to the page where it leads, or, where there are no pages, with the
 * command. It holds no text that a stranger chose but the address that it goes to.
 */
export function writeMail(mail: Mail, style: MailStyle, pagesUrl: URL | undefined): MailMessage {
  const { subject, heading } = texts.mails[mail.kind];
  const { text, content } = pagesUrl === undefined ? withCommand(mail, style) : withLink(mail, style, pagesUrl);
  return {
    to: mail.to,
    subject: subject(style.productName),
    text,
    html: layOutMail(style, heading, content),
  };
}

function withLink(mail: Mail, style: MailStyle, pagesUrl: URL) {
  const { openPage, button: label, ignore } = isNotice(mail) ? texts.mails.notice : texts.mails[mail.kind];
  const said = whatHappened(mail, style);
  const link = linkOf(mail, pagesUrl);
  const token = 'token' in mail ? { ...mail, expiry: texts.mails.linkExpiry(lifetimeOf(mail)) } : undefined;
  const text = paragraphs(
    said.text,
    openPage,
    link,
    ...(token ? [texts.mails.orToken, indented(token.token), token.expiry] : []),
    ignore,
  );
  // The button of most mails with a token says enough.
  const isExplained = isNotice(mail) || !token;
  const content = html`${said.content}${isExplained ? paragraph(openPage) : ''}${button(style, link, label)}${
    token && html`${paragraph(texts.mails.orToken)}${box(token.token)}${paragraph(token.expiry)}`
  }${quietParagraph(ignore)}`;
  return { text, content };
}

function linkOf(mail: Mail, pagesUrl: URL): string {
  if (isNotice(mail)) return linkToNotMe(pagesUrl, mail);
  return 'token' in mail ? linkToToken(pagesUrl, mail) : linkTo(pagesUrl, '/reset', { email: mail.to });
}

function withCommand(mail: Mail, style: MailStyle) {
  const said = whatHappened(mail, style);
  const command = commandFor(mail);
  const { ignore } = isNotice(mail) ? texts.mails.notice : texts.mails[mail.kind];
  if (!('token' in mail)) {
    const { openPage } = texts.mails[mail.kind];
    const text = paragraphs(said.text, openPage, indented(command), ignore);
    return { text, content: html`${said.content}${paragraph(openPage)}${box(command)}${quietParagraph(ignore)}` };
  }
  const label = isNotice(mail) ? texts.mails.notice.token : texts.mails[mail.kind].token;
  const expiry = texts.mails.tokenExpiry(lifetimeOf(mail));
  const text = paragraphs(said.text, label, indented(mail.token), expiry, indented(command), ignore);
  const content = html`${said.content}${paragraph(label)}${box(mail.token)}${paragraph(expiry)}${box(command)}${quietParagraph(ignore)}`;
  return { text, content };
}

/** The reason of a mail; of a notice, also when and from where. */
function whatHappened(mail: Mail, { productName }: MailStyle): { text: string; content: SafeHtml } {
  const reason = texts.mails[mail.kind].reason(mail.to, productName);
  const facts = isNotice(mail) ? factsOf(mail) : [];
  return {
    text: [reason, ...(facts.length > 0 ? [facts.join('\n')] : [])].join('\n\n'),
    content: html`${paragraph(reason)}${facts.map(paragraph)}`,
  };
}

function commandFor(mail: Mail): string {
  if (isNotice(mail)) return 'authsvc not-me --token-stdin';
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

function isNotice(mail: Mail): mail is NoticeMail {
  return 'at' in mail;
}

function paragraphs(...parts: readonly string[]): string {
  return `${parts.join('\n\n')}\n`;
}

function indented(text: string): string {
  return `    ${text}`;
}

/** Of a notice in whole hours, since one that is sent late has less of them. */
function lifetimeOf(mail: TokenMail): string {
  const minutes = Math.ceil(mail.expiresInMs / 60_000);
  return texts.mails.duration(isNotice(mail) && minutes > 60 ? minutes - (minutes % 60) : minutes);
}
