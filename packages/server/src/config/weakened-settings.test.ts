import { describe, expect, it } from 'vitest';
import { loadConfig } from './config.ts';
import { weakenedSettings } from './rules.ts';

const weakened = (env: Record<string, string>) => weakenedSettings(loadConfig(env)).map(({ message }) => message);

describe('weakenedSettings', () => {
  it('finds nothing in the defaults, whatever else is chosen', () => {
    expect(weakened({})).toEqual([]);
    expect(weakened({ AUTHSVC_RESET_DELIVERY: 'operator' })).toEqual([]);
    expect(weakened({ AUTHSVC_PUBLIC_URL: 'https://auth.example.com' })).toEqual([]);
  });

  it('finds nothing in what protects more', () => {
    expect(
      weakened({
        AUTHSVC_BCRYPT_COST: '13',
        AUTHSVC_PASSWORD_MIN_LENGTH: '12',
        AUTHSVC_SESSION_IDLE_SECONDS: '600',
        AUTHSVC_SESSION_LIFETIME_SECONDS: '3600',
        AUTHSVC_RESET_TOKEN_SECONDS: '60',
        AUTHSVC_AUDIT_RETENTION_DAYS: '365',
        AUTHSVC_LOG_LEVEL: 'debug',
      }),
    ).toEqual([]);
  });

  it('names each setting that protects less, with its default and what it means', () => {
    expect(
      weakened({
        AUTHSVC_BCRYPT_COST: '11',
        AUTHSVC_PASSWORD_MIN_LENGTH: '7',
        AUTHSVC_SESSION_IDLE_SECONDS: '604801',
        AUTHSVC_SESSION_LIFETIME_SECONDS: '2592001',
        AUTHSVC_RESET_TOKEN_SECONDS: '601',
        AUTHSVC_AUDIT_RETENTION_DAYS: '89',
        AUTHSVC_MAIL_DIR: '/tmp/mails',
        AUTHSVC_RESET_DELIVERY: 'response',
        AUTHSVC_EMAIL_VERIFICATION: 'off',
        AUTHSVC_LOG_LEVEL: 'warn',
      }),
    ).toEqual([
      'AUTHSVC_BCRYPT_COST is 11 (default 12): a stolen password hash is guessed sooner',
      'AUTHSVC_PASSWORD_MIN_LENGTH is 7 (default 8): passwords may be shorter',
      'AUTHSVC_SESSION_IDLE_SECONDS is 604801 (default 604800): an unused session lives longer',
      'AUTHSVC_SESSION_LIFETIME_SECONDS is 2592001 (default 2592000): a stolen session lives longer',
      'AUTHSVC_RESET_TOKEN_SECONDS is 601 (default 600): a reset token can be used for longer',
      'AUTHSVC_AUDIT_RETENTION_DAYS is 89 (default 90): what happened to accounts is forgotten sooner',
      "AUTHSVC_EMAIL_VERIFICATION is off (default required with a mail server): anyone can register another's address",
      'AUTHSVC_LOG_LEVEL is warn: what happens to accounts is not logged',
    ]);
  });
});
