import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Config, ConfigError, loadConfig } from './config.ts';
import { sqliteAt } from './database-setting.ts';
import { settings } from './settings.ts';

const home = { HOME: '/home/ada' };

const defaults: Config = {
  listenHost: '127.0.0.1',
  listenPort: 4100,
  publicUrl: undefined,
  trustedOrigins: [],
  allowedHosts: [],
  trustedProxies: ['127.0.0.0/8', '::1'],
  dataFolder: '/home/ada/.local/share/authsvc',
  database: sqliteAt('/home/ada/.local/share/authsvc/authsvc.db'),
  databaseConnections: 10,
  bcryptCost: 12,
  passwordMinLength: 8,
  loginsPerMinute: 10,
  registrationsPerMinute: 5,
  resetsPerMinute: 3,
  sessionIdleSeconds: 604_800,
  sessionLifetimeSeconds: 2_592_000,
  registration: 'open',
  emailVerification: 'off',
  resetDelivery: 'response',
  resetTokenSeconds: 600,
  smtpUrl: undefined,
  mailFrom: 'authsvc@localhost',
  mailFolder: undefined,
  pages: 'on',
  productName: 'authsvc',
  accentColor: '#2457c5',
  auditRetentionDays: 90,
  metricsAddress: undefined,
  logFileMaxBytes: 10_000_000,
  logLevel: 'info',
  isDefaultDataFolder: true,
  isDefaultEmailVerification: true,
  warnings: [{ event: 'reset_delivery_is_response', message: expect.stringMatching(/take over any account/) }],
};

function problemsOf(env: Record<string, string>): readonly string[] {
  try {
    loadConfig({ ...home, ...env });
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
}

describe('loadConfig', () => {
  it('has a default for everything', () => {
    expect(loadConfig(home)).toEqual(defaults);
  });

  it('takes an empty variable for an absent one', () => {
    const empty = Object.fromEntries(Object.values(settings).map(({ name }) => [name, '']));
    expect(loadConfig({ ...home, ...empty })).toEqual(defaults);
  });

  it('reads every setting', () => {
    const env = {
      AUTHSVC_LISTEN_HOST: '::1',
      AUTHSVC_LISTEN_PORT: '0',
      AUTHSVC_PUBLIC_URL: 'https://auth.example.com',
      AUTHSVC_TRUSTED_ORIGINS: 'https://app.example.com',
      AUTHSVC_ALLOWED_HOSTS: 'authsvc',
      AUTHSVC_TRUSTED_PROXIES: '10.0.0.5, fd00::/8',
      AUTHSVC_DATA_DIR: '/srv/accounts',
      AUTHSVC_DATABASE_URL: 'sqlite:/srv/accounts.sqlite',
      AUTHSVC_DATABASE_CONNECTIONS: '20',
      AUTHSVC_BCRYPT_COST: '10',
      AUTHSVC_PASSWORD_MIN_LENGTH: '5',
      AUTHSVC_LOGINS_PER_MINUTE: '300',
      AUTHSVC_REGISTRATIONS_PER_MINUTE: '10000',
      AUTHSVC_RESETS_PER_MINUTE: '1',
      AUTHSVC_SESSION_IDLE_SECONDS: '60',
      AUTHSVC_SESSION_LIFETIME_SECONDS: '3600',
      AUTHSVC_REGISTRATION: 'invited',
      AUTHSVC_EMAIL_VERIFICATION: 'required',
      AUTHSVC_RESET_DELIVERY: 'operator',
      AUTHSVC_RESET_TOKEN_SECONDS: '30',
      AUTHSVC_SMTP_URL: 'smtps://user:p%40ss@mail.example.com:465',
      AUTHSVC_MAIL_FROM: 'Example <auth@example.com>',
      AUTHSVC_MAIL_DIR: '',
      AUTHSVC_PAGES: 'https://app.example.com/account',
      AUTHSVC_NAME: 'Ada & Söhne',
      AUTHSVC_ACCENT_COLOR: '#AA3300',
      AUTHSVC_AUDIT_RETENTION_DAYS: '30',
      AUTHSVC_METRICS_ADDRESS: '9464',
      AUTHSVC_LOG_FILE_MAX_BYTES: '5000',
      AUTHSVC_LOG_LEVEL: 'trace',
    };
    expect(Object.keys(env)).toEqual(Object.values(settings).map(({ name }) => name));
    expect(loadConfig(env)).toEqual({
      listenHost: '::1',
      listenPort: 0,
      publicUrl: new URL('https://auth.example.com'),
      trustedOrigins: ['https://app.example.com'],
      allowedHosts: ['authsvc'],
      trustedProxies: ['10.0.0.5', 'fd00::/8'],
      dataFolder: '/srv/accounts',
      database: sqliteAt('/srv/accounts.sqlite'),
      databaseConnections: 20,
      bcryptCost: 10,
      passwordMinLength: 5,
      loginsPerMinute: 300,
      registrationsPerMinute: 10_000,
      resetsPerMinute: 1,
      sessionIdleSeconds: 60,
      sessionLifetimeSeconds: 3600,
      registration: 'invited',
      emailVerification: 'required',
      resetDelivery: 'operator',
      resetTokenSeconds: 30,
      smtpUrl: 'smtps://user:p%40ss@mail.example.com:465',
      mailFrom: 'Example <auth@example.com>',
      mailFolder: undefined,
      pages: new URL('https://app.example.com/account'),
      productName: 'Ada & Söhne',
      accentColor: '#aa3300',
      auditRetentionDays: 30,
      metricsAddress: { host: '127.0.0.1', port: 9464 },
      logFileMaxBytes: 5000,
      logLevel: 'trace',
      isDefaultDataFolder: false,
      isDefaultEmailVerification: false,
      warnings: [],
    });
  });

  it('keeps the database in the data folder, wherever that is', () => {
    expect(loadConfig({ AUTHSVC_DATA_DIR: '/srv/accounts' }).database).toEqual(sqliteAt('/srv/accounts/authsvc.db'));
  });

  it('makes relative paths absolute', () => {
    const { dataFolder, database } = loadConfig({ AUTHSVC_DATA_DIR: 'data', AUTHSVC_DATABASE_URL: 'sqlite:a.db' });
    expect([dataFolder, database]).toEqual([resolve('data'), sqliteAt(resolve('a.db'))]);
  });

  it.each(['127.0.0.1', '127.8.9.1', '::1', '0:0:0:0:0:0:0:1'])('listens on the loopback address %s', (listenHost) => {
    expect(loadConfig({ ...home, AUTHSVC_LISTEN_HOST: listenHost }).listenHost).toBe(listenHost);
  });

  it('takes localhost for 127.0.0.1', () => {
    expect(loadConfig({ ...home, AUTHSVC_LISTEN_HOST: 'localhost' }).listenHost).toBe('127.0.0.1');
  });

  it.each(['example.com', '127.0.0.1.example.com', '127.1', '[::1]'])('refuses to listen on %s', (host) => {
    expect(problemsOf({ AUTHSVC_LISTEN_HOST: host })).toEqual([
      `AUTHSVC_LISTEN_HOST must be an IP address or localhost, not "${host}"`,
    ]);
  });

  it.each([
    ['AUTHSVC_LISTEN_PORT', 0, 65_535],
    ['AUTHSVC_BCRYPT_COST', 10, 15],
    ['AUTHSVC_PASSWORD_MIN_LENGTH', 1, 64],
    ['AUTHSVC_SESSION_IDLE_SECONDS', 1, 31_536_000],
    ['AUTHSVC_SESSION_LIFETIME_SECONDS', 1, 31_536_000],
    ['AUTHSVC_RESET_TOKEN_SECONDS', 1, 86_400],
    ['AUTHSVC_AUDIT_RETENTION_DAYS', 1, 3650],
  ])('holds %s between %i and %i', (name, min, max) => {
    const refused = [String(min - 1), String(max + 1), '1e1', '0x0b', '12.0', ' 12', '12 ', '+12', 'twelve', '９'];
    expect(problemsOf({ [name]: String(min) })).toEqual([]);
    expect(problemsOf({ [name]: String(max) })).toEqual([]);
    for (const text of refused) {
      expect(problemsOf({ [name]: text })).toEqual([
        `${name} must be a whole number from ${min} to ${max}, not ${JSON.stringify(text)}`,
      ]);
    }
  });

  it('does not repeat the address of a database, which may hold a password', () => {
    expect(problemsOf({ AUTHSVC_DATABASE_URL: 'mysql://ada:secret@db/accounts' })).toEqual([
      'AUTHSVC_DATABASE_URL must be sqlite:<path of a file> or postgres://<user>@<host>/<database>',
    ]);
    expect(problemsOf({ AUTHSVC_DATABASE_URL: 'sqlite:' })).toEqual([
      'AUTHSVC_DATABASE_URL must be sqlite:<path of a file> or postgres://<user>@<host>/<database>',
    ]);
    expect(problemsOf({ AUTHSVC_DATABASE_URL: 'sqlite::memory:' })).toEqual([
      'AUTHSVC_DATABASE_URL must name a file: a database in memory would forget every account',
    ]);
  });

  it('reports every problem at once', () => {
    expect(problemsOf({ AUTHSVC_BCRYPT_COST: '9', AUTHSVC_LOG_LEVEL: 'verbose', AUTHSVC_LISTEN_PORT: 'http' })).toEqual(
      [
        'AUTHSVC_LISTEN_PORT must be a whole number from 0 to 65535, not "http"',
        'AUTHSVC_BCRYPT_COST must be a whole number from 10 to 15, not "9"',
        'AUTHSVC_LOG_LEVEL must be one of trace, debug, info, warn, error, fatal, silent, not "verbose"',
      ],
    );
  });

  it('warns of a name that is no setting, but not of the command line’s', () => {
    const env = { AUTHSVC_BCRYPT_COSTS: '12', AUTHSVC_URL: 'x', AUTHSVC_SESSION: 'x', AUTHSVC_STORAGE: 'file' };
    expect(loadConfig({ ...home, ...env }).warnings).toEqual([
      ...defaults.warnings,
      {
        event: 'setting_unknown',
        message: 'AUTHSVC_BCRYPT_COSTS is not a setting of authsvc, and has no effect',
      },
    ]);
  });
});
