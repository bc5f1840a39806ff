import { createHash } from 'node:crypto';
import type { AuthPorts } from '@authsvc/core';
import type { Config } from '../config/config.ts';
import { createNamedOrigins } from '../http/origins.ts';
import { createReturnTo, type ReturnTo } from './return-to.ts';
import { styleSheet } from './style.ts';

/** What settings say about pages. */
export type SiteOptions = Partial<
  Pick<Config, 'pages' | 'productName' | 'accentColor' | 'publicUrl' | 'trustedOrigins'>
>;

/** What all pages have in common. */
export interface Site {
  readonly ports: AuthPorts;
  readonly productName: string;
  readonly accentColor: string;
  readonly styleSheet: string;
  /** With a digest of the sheet, so that browsers may keep it. */
  readonly styleSheetUrl: string;
  /** Called once the answer to a request that may owe a mail is on its way. */
  readonly mailOwed: () => void;
  readonly readReturnTo: (query: unknown) => ReturnTo | undefined;
}

export function createSite(ports: AuthPorts, options: SiteOptions, mailOwed: () => void): Site {
  const { productName = 'authsvc', accentColor = '#2457c5', publicUrl, trustedOrigins = [] } = options;
  const sheet = styleSheet(accentColor);
  return {
    ports,
    productName,
    accentColor,
    styleSheet: sheet,
    styleSheetUrl: `authsvc.css?${createHash('sha256').update(sheet).digest('base64url').slice(0, 16)}`,
    mailOwed,
    readReturnTo: createReturnTo(publicUrl, createNamedOrigins(publicUrl, trustedOrigins)),
  };
}
