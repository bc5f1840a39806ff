import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { loadConfig } from './config.ts';
import { settings, settingsTable } from './settings.ts';

const page = readFileSync(new URL('../../../../docs/settings.md', import.meta.url), 'utf8');

describe('settingsTable', () => {
  it('is what docs/settings.md says; npm run write:settings writes it there', () => {
    const [, table] = /<!-- settings -->\n([\s\S]*?)\n<!-- \/settings -->/.exec(page) ?? [];
    expect(table).toBe(settingsTable());
  });

  it('says the defaults that hold when nothing is set', () => {
    const config = loadConfig({ HOME: '/home/ada', AUTHSVC_DATA_DIR: '' });
    expect(config).toMatchObject({
      listenHost: settings.listenHost.defaultText,
      listenPort: Number(settings.listenPort.defaultText),
      publicUrl: undefined,
      trustedProxies: ['127.0.0.0/8', '::1'],
      bcryptCost: Number(settings.bcryptCost.defaultText),
      passwordMinLength: Number(settings.passwordMinLength.defaultText),
      sessionIdleSeconds: Number(settings.sessionIdleSeconds.defaultText),
      sessionLifetimeSeconds: Number(settings.sessionLifetimeSeconds.defaultText),
      resetDelivery: settings.resetDelivery.defaultText.split('; otherwise ').at(-1),
      registration: settings.registration.defaultText,
      emailVerification: 'off',
      resetTokenSeconds: Number(settings.resetTokenSeconds.defaultText.split(';')[0]),
      smtpUrl: undefined,
      mailFolder: undefined,
      pages: settings.pages.defaultText,
      productName: settings.productName.defaultText,
      accentColor: settings.accentColor.defaultText,
      metricsAddress: undefined,
      auditRetentionDays: Number(settings.auditRetentionDays.defaultText),
      logLevel: settings.logLevel.defaultText,
    });
  });
});
