import type { AuthPorts } from '@authsvc/core';
import { html } from '@remix-run/html-template';
import type { FastifyInstance } from 'fastify';
import { addAccountPage } from './account.ts';
import { addAccountChanges } from './account-changes.ts';
import { addAccountDevices } from './account-devices.ts';
import { addAccountSessions } from './account-sessions.ts';
import { textOn } from './color.ts';
import { addLoginCodePage } from './factors/login-code.ts';
import { addFactorChanges, addTotpPages } from './factors/totp.ts';
import { addLoginPage } from './login.ts';
import { addLogoutPage } from './logout.ts';
import { addRegisterPage } from './register.ts';
import { createSite, type Site, type SiteOptions } from './site.ts';
import { addInvitationPage } from './tokens/invitation.ts';
import { addNotMePage } from './tokens/not-me.ts';
import { addResetPage } from './tokens/reset.ts';
import { addVerifyPage } from './tokens/verify.ts';

const YEAR_SECONDS = 31_536_000;

/**
 * Adds the pages for people, unless the settings leave them out.
 *
 * @returns where `GET /` leads a browser, if anywhere.
 */
export function addPages(
  server: FastifyInstance,
  ports: AuthPorts,
  options: SiteOptions,
  mailOwed: () => void,
): string | undefined {
  const { pages = 'on', publicUrl } = options;
  if (pages === 'off') return undefined;
  if (pages !== 'on') return pages.href;
  const site = createSite(ports, options, mailOwed);
  addAssets(server, site);
  addLoginPage(server, site);
  addLoginCodePage(server, site);
  addRegisterPage(server, site);
  addLogoutPage(server, site);
  addResetPage(server, site);
  addVerifyPage(server, site);
  addInvitationPage(server, site);
  addNotMePage(server, site);
  addAccountPage(server, site);
  addAccountSessions(server, site);
  addAccountDevices(server, site);
  addAccountChanges(server, site);
  addTotpPages(server, site);
  addFactorChanges(server, site);
  // A path without a slash at its end is no folder to start from.
  return publicUrl && publicUrl.pathname !== '/' ? `${publicUrl.href}/account` : 'account';
}

function addAssets(server: FastifyInstance, { styleSheet, accentColor, productName }: Site): void {
  const [initial = ''] = productName;
  const icon = String(
    html`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="10" fill="${accentColor}"/><text x="16" y="22" font-family="system-ui,sans-serif" font-size="17" font-weight="600" text-anchor="middle" fill="${textOn(accentColor)}">${initial.toUpperCase()}</text></svg>`,
  );
  const assets = [
    ['/authsvc.css', 'text/css; charset=utf-8', styleSheet],
    ['/authsvc.svg', 'image/svg+xml', icon],
  ] as const;
  for (const [path, type, content] of assets) {
    server.get(path, (_request, reply) =>
      reply.headers({ 'content-type': type, 'cache-control': `public, max-age=${YEAR_SECONDS}` }).send(content),
    );
  }
}
