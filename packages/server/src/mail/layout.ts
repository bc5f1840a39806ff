import { html, type SafeHtml } from '@remix-run/html-template';
import type { Config } from '../config/config.ts';
import { textOn } from '../pages/color.ts';
import { texts } from '../texts/texts.ts';

/** How mails look. */
export type MailStyle = Pick<Config, 'productName' | 'accentColor'>;

const SANS = `system-ui,-apple-system,'Segoe UI',Roboto,'Helvetica Neue',Arial,sans-serif`;
const MONOSPACE = 'ui-monospace,SFMono-Regular,Menlo,Consolas,monospace';

/** For mail programs that obey it; the others show the light colours, which stand in the tags. */
const DARK = html`
@media (prefers-color-scheme: dark) {
  .page { background: #14171c !important }
  .card { background: #1f242c !important; color: #e6e9ee !important }
  .box { background: #14171c !important; color: #e6e9ee !important }
  .quiet { color: #a3acba !important }
}`;

/**
 * Makes the HTML of a mail: a card below the product's name. It is made of tables, since Outlook
 * lays out nothing else, and loads nothing.
 */
export function layOutMail({ productName }: MailStyle, heading: string, content: SafeHtml): string {
  return html`<!doctype html>
<html lang="${texts.language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<title>${heading}</title>
<style>${DARK}
</style>
</head>
<body class="page" style="margin:0;padding:0;background:#f4f5f7">
<table role="presentation" class="page" width="100%" cellpadding="0" cellspacing="0" style="background:#f4f5f7">
<tr><td align="center" style="padding:32px 16px">
<table role="presentation" width="100%" cellpadding="0" cellspacing="0" style="max-width:520px;font:16px/1.5 ${SANS}">
<tr><td class="quiet" style="padding:0 8px 16px;color:#5c6675;font-weight:600">${productName}</td></tr>
<tr><td class="card" style="padding:32px;background:#ffffff;border-radius:12px;color:#1c2330;overflow-wrap:anywhere">
<h1 style="margin:0 0 16px;font-size:22px;line-height:1.3">${heading}</h1>
${content}
</td></tr>
</table>
</td></tr>
</table>
</body>
</html>
`.toString();
}

export function paragraph(text: string): SafeHtml {
  return html`<p style="margin:0 0 16px">${text}</p>
`;
}

/** What matters less, at the end. */
export function quietParagraph(text: string): SafeHtml {
  return html`<p class="quiet" style="margin:0;color:#5c6675;font-size:14px">${text}</p>`;
}

export function button({ accentColor }: MailStyle, href: string, label: string): SafeHtml {
  const color = textOn(accentColor);
  return html`<table role="presentation" cellpadding="0" cellspacing="0" style="margin:0 0 24px">
<tr><td style="background:${accentColor};border-radius:8px"><a href="${href}" style="display:inline-block;padding:12px 24px;color:${color};font-weight:600;text-decoration:none">${label}</a></td></tr>
</table>
`;
}

/** A text that is copied or typed elsewhere. */
export function box(text: string): SafeHtml {
  return html`<p class="box" style="margin:0 0 16px;padding:16px;background:#f4f5f7;border-radius:8px;font:15px/1.5 ${MONOSPACE};text-align:center">${text}</p>
`;
}
