import { html, type SafeHtml } from '@remix-run/html-template';
import type { FastifyReply } from 'fastify';
import { texts } from '../texts/texts.ts';
import type { ReturnTo } from './return-to.ts';
import type { Site } from './site.ts';

export type Root = '' | '../' | '../../';

/** One page, without what all pages have. */
export interface View {
  readonly title: string;
  readonly content: SafeHtml;
  /** Whether it shows what went wrong. */
  readonly hasProblem?: boolean;
  /** From the page's path to where the paths of pages begin; all links are relative. */
  readonly root?: Root;
  readonly isWide?: boolean;
  /** Where its forms may lead in the end. */
  readonly returnTo?: ReturnTo | undefined;
  /** Whether its own address may hold a secret. */
  readonly hasSecretAddress?: boolean;
}

/**
 * Renders a page, and sets the headers of its answer.
 *
 * @see https://www.w3.org/TR/CSP3/ Chromium applies `form-action` to redirects as well.
 */
export function renderPage(site: Site, reply: FastifyReply, view: View): string {
  const { returnTo, hasSecretAddress = false } = view;
  const formAction = returnTo?.origin === undefined ? "'self'" : `'self' ${returnTo.origin}`;
  reply.headers({
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy': `default-src 'none'; style-src 'self'; img-src 'self'; form-action ${formAction}; frame-ancestors 'none'; base-uri 'none'`,
    // With `no-referrer` a form would send `Origin: null`.
    'referrer-policy': hasSecretAddress ? 'strict-origin' : 'same-origin',
  });
  return String(shell(site, view));
}

function shell({ productName, styleSheetUrl }: Site, view: View): SafeHtml {
  const { title, content, hasProblem = false, root = '', isWide = false } = view;
  const [initial = ''] = productName;
  return html`<!doctype html>
<html lang="${texts.language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<title>${hasProblem ? texts.pages.problems.inTitle(title) : title} · ${productName}</title>
<link rel="stylesheet" href="${root}${styleSheetUrl}">
<link rel="icon" type="image/svg+xml" href="${root}authsvc.svg">
</head>
<body class="${isWide ? 'wide' : 'narrow'}">
<header><span aria-hidden="true">${initial.toUpperCase()}</span>${productName}</header>
<main>
${content}
</main>
</body>
</html>
`;
}

/** Sends a person to another page or address, to be read by GET. */
export function leadTo(reply: FastifyReply, location: string): FastifyReply {
  return reply.code(303).header('location', location).send();
}
