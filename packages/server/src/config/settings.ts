import { resolve } from 'node:path';
import { resolveDataFolder } from '@authsvc/client/folders';
import { defaultDatabase, readDatabase } from './database-setting.ts';
import {
  defaultEmailVerification,
  defaultMailFrom,
  defaultResetDelivery,
  defaultResetTokenSeconds,
  readMailFrom,
  readSmtpUrl,
} from './mail-settings.ts';
import {
  defaultTrustedProxies,
  readHostNames,
  readListenAddress,
  readListenHost,
  readNetworks,
  readOrigins,
  readPublicUrl,
} from './network-settings.ts';
import { readAccentColor, readPages, readProductName } from './page-settings.ts';
import { oneOf, type Setting, wholeNumber } from './setting.ts';

const YEAR_SECONDS = 31_536_000;

/** Every setting of the daemon by its name in `Config`. docs/settings.md is made from it. */
export const settings = {
  listenHost: {
    name: 'AUTHSVC_LISTEN_HOST',
    defaultText: '127.0.0.1',
    description:
      'IP address to listen on, or `localhost` for 127.0.0.1. Beyond loopback it needs `AUTHSVC_PUBLIC_URL`.',
    read: readListenHost,
  },
  listenPort: {
    name: 'AUTHSVC_LISTEN_PORT',
    defaultText: '4100',
    description: 'Port to listen on; 0 picks a free one.',
    read: wholeNumber(0, 65_535),
  },
  publicUrl: {
    name: 'AUTHSVC_PUBLIC_URL',
    defaultText: 'none',
    description:
      'How clients reach the daemon, such as `https://app.example.com/auth`. Every route answers with and without the path, so that a proxy may strip it or not. With https, cookies are `Secure` and HSTS is sent.',
    read: readPublicUrl,
    readDefault: () => undefined,
  },
  trustedOrigins: {
    name: 'AUTHSVC_TRUSTED_ORIGINS',
    defaultText: 'none (every loopback origin, if AUTHSVC_PUBLIC_URL is not set)',
    description:
      'Further origins, separated by commas, whose pages may change things and call with credentials (CORS), such as `https://app.example.com`. Pages of another site are refused even if listed: no browser sends the cookie with their requests.',
    read: readOrigins,
    readDefault: () => [],
  },
  allowedHosts: {
    name: 'AUTHSVC_ALLOWED_HOSTS',
    defaultText: 'none',
    description:
      'Further host names of the daemon, separated by commas, such as the name of a container; clients may use them with any port. The address at which a connection arrived works too, with the port that the daemon listens on.',
    read: readHostNames,
    readDefault: () => [],
  },
  trustedProxies: {
    name: 'AUTHSVC_TRUSTED_PROXIES',
    defaultText: 'none (loopback, if the listener is on loopback)',
    description:
      'Addresses and networks, separated by commas, whose `X-Forwarded-For` is believed. They must set or extend that header.',
    read: readNetworks,
    readDefault: defaultTrustedProxies,
  },
  dataFolder: {
    name: 'AUTHSVC_DATA_DIR',
    defaultText: '~/.local/share/authsvc',
    description:
      'Folder for everything that the daemon stores. The default depends on `XDG_DATA_HOME` and the platform.',
    read: (_text, env) => resolveDataFolder(env),
    readDefault: (env) => resolveDataFolder(env),
  },
  database: {
    name: 'AUTHSVC_DATABASE_URL',
    defaultText: 'sqlite:<data folder>/authsvc.db',
    description:
      'The database: `sqlite:<path>`, or `postgres://user:password@host/database`, which many instances can share. TLS is used and verified (`sslrootcert=<path>` names your own authority); `sslmode=disable` is only for a server on this machine.',
    secret: true,
    read: readDatabase,
    readDefault: defaultDatabase,
  },
  databaseConnections: {
    name: 'AUTHSVC_DATABASE_CONNECTIONS',
    defaultText: '10',
    description: 'Most connections to PostgreSQL, 2 to 200.',
    read: wholeNumber(2, 200),
  },
  bcryptCost: {
    name: 'AUTHSVC_BCRYPT_COST',
    defaultText: '12',
    description: 'bcrypt cost of new password hashes, 10 to 15. A login replaces a hash of a lower cost.',
    read: wholeNumber(10, 15),
  },
  passwordMinLength: {
    name: 'AUTHSVC_PASSWORD_MIN_LENGTH',
    defaultText: '8',
    description: 'Minimum length of a new password, 1 to 64 characters.',
    read: wholeNumber(1, 64),
  },
  loginsPerMinute: {
    name: 'AUTHSVC_LOGINS_PER_MINUTE',
    defaultText: '10',
    description:
      'Logins that one address may try in a minute, 1 to 10,000. Raise it where many people share an address. Logins to accounts whose owners logged in from that address within the last 30 days count separately: together they have a limit 32 times as high, as the known browsers of one account have.',
    read: wholeNumber(1, 10_000),
  },
  registrationsPerMinute: {
    name: 'AUTHSVC_REGISTRATIONS_PER_MINUTE',
    defaultText: '5',
    description: 'Accounts that one address may try to make in a minute, 1 to 10,000.',
    read: wholeNumber(1, 10_000),
  },
  resetsPerMinute: {
    name: 'AUTHSVC_RESETS_PER_MINUTE',
    defaultText: '3',
    description:
      'Resets that one address may ask for in a minute, 1 to 10,000; also verification mails that it may ask for again.',
    read: wholeNumber(1, 10_000),
  },
  sessionIdleSeconds: {
    name: 'AUTHSVC_SESSION_IDLE_SECONDS',
    defaultText: '604800',
    description: 'Seconds without use after which a session ends; 604800 is 7 days.',
    read: wholeNumber(1, YEAR_SECONDS),
  },
  sessionLifetimeSeconds: {
    name: 'AUTHSVC_SESSION_LIFETIME_SECONDS',
    defaultText: '2592000',
    description: 'Seconds after login at which a session ends, used or not; 2592000 is 30 days.',
    read: wholeNumber(1, YEAR_SECONDS),
  },
  registration: {
    name: 'AUTHSVC_REGISTRATION',
    defaultText: 'open',
    description:
      'Who may make an account: with `open`, anyone; with `invited`, people whom an operator invites (`authsvc users invite`); with `closed`, no one.',
    read: oneOf('open', 'invited', 'closed'),
  },
  emailVerification: {
    name: 'AUTHSVC_EMAIL_VERIFICATION',
    defaultText:
      'required if AUTHSVC_SMTP_URL or AUTHSVC_MAIL_DIR is set; otherwise off. A database with accounts from before version 1.1.0 stays off until it is chosen',
    description:
      'With `required`, a registration makes no account before its mailbox is proven, by a token that is mailed there, and a change of email waits for the same proof. With `off`, addresses are taken as they are typed.',
    read: oneOf('off', 'required'),
    readDefault: defaultEmailVerification,
  },
  resetDelivery: {
    name: 'AUTHSVC_RESET_DELIVERY',
    defaultText:
      'smtp if AUTHSVC_SMTP_URL or AUTHSVC_MAIL_DIR is set; otherwise operator if AUTHSVC_PUBLIC_URL is set; otherwise response',
    description:
      'How a user gets a reset token: with `response`, which is for this machine only, anyone who asks for it gets it in the answer; `smtp` mails it; with `operator`, an operator issues it and passes it on.',
    read: oneOf('response', 'smtp', 'operator'),
    readDefault: defaultResetDelivery,
  },
  resetTokenSeconds: {
    name: 'AUTHSVC_RESET_TOKEN_SECONDS',
    defaultText: '600; 1800 unless reset tokens are returned in responses',
    description: 'Seconds for which a reset token is valid, 1 to 86,400 (a day); 600 is 10 minutes.',
    read: wholeNumber(1, 86_400),
    readDefault: defaultResetTokenSeconds,
  },
  smtpUrl: {
    name: 'AUTHSVC_SMTP_URL',
    defaultText: 'none',
    description:
      'Mail server: `smtps://user:password@host`, or `smtp://` for STARTTLS, which is required beyond loopback. Certificates are verified.',
    secret: true,
    read: readSmtpUrl,
    readDefault: () => undefined,
  },
  mailFrom: {
    name: 'AUTHSVC_MAIL_FROM',
    defaultText: 'authsvc@<host of the public URL>',
    description: 'Sender of the mails: an address, or `Name <address>`.',
    read: readMailFrom,
    readDefault: defaultMailFrom,
  },
  mailFolder: {
    name: 'AUTHSVC_MAIL_DIR',
    defaultText: 'none',
    description: 'For development: mails are written to files in this folder instead of being sent.',
    read: (text): string | undefined => resolve(text),
    readDefault: () => undefined,
  },
  pages: {
    name: 'AUTHSVC_PAGES',
    defaultText: 'on',
    description:
      'Pages for people: `on`; `off`, so that mails name a command instead; or the address of your own pages, such as `https://app.example.com/account`. Mails then link to `/reset`, `/verify` and `/invitation` there, with `email` and `token` in the query, or with `email` alone to `/reset` where they bring no token; `/verify` also gets `for=email_change` where the token is for a change of email. Notices link to `/not-me` with `token` alone.',
    read: readPages,
  },
  productName: {
    name: 'AUTHSVC_NAME',
    defaultText: 'authsvc',
    description: 'Name of your product on pages and in mails, up to 60 characters.',
    read: readProductName,
  },
  accentColor: {
    name: 'AUTHSVC_ACCENT_COLOR',
    defaultText: '#2457c5',
    description: 'Colour of buttons on pages and in mails, `#rrggbb`.',
    read: readAccentColor,
  },
  auditRetentionDays: {
    name: 'AUTHSVC_AUDIT_RETENTION_DAYS',
    defaultText: '90',
    description: 'Audit events are kept this many days.',
    read: wholeNumber(1, 3650),
  },
  metricsAddress: {
    name: 'AUTHSVC_METRICS_ADDRESS',
    defaultText: 'none',
    description:
      'Address on which `GET /metrics` is served over TCP: a port of loopback, such as `9464`, or `10.0.0.5:9464`; never the port for clients. Beyond loopback it needs `AUTHSVC_PUBLIC_URL`. The control socket always serves the metrics.',
    read: readListenAddress,
    readDefault: () => undefined,
  },
  logFileMaxBytes: {
    name: 'AUTHSVC_LOG_FILE_MAX_BYTES',
    defaultText: '10000000',
    description: 'Size at which the log file of a background daemon is rotated; five rotated files are kept.',
    read: wholeNumber(1000, 1_000_000_000),
  },
  logLevel: {
    name: 'AUTHSVC_LOG_LEVEL',
    defaultText: 'info',
    description: 'Minimum log level: `trace`, `debug`, `info`, `warn`, `error`, `fatal`, or `silent`.',
    read: oneOf('trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'),
  },
} as const satisfies Record<string, Setting<unknown>>;

/** The value of each setting. */
export type SettingValues = { readonly [Key in keyof typeof settings]: ReturnType<(typeof settings)[Key]['read']> };

/** The settings as the table of a Markdown page, as docs/settings.md shows it. */
export function settingsTable(): string {
  const rows = Object.values<Setting<unknown>>(settings).map(
    ({ name, defaultText, description, secret, readDefault }) => {
      const names = secret ? `\`${name}\`, or \`${name}_FILE\`` : `\`${name}\``;
      // A default that depends on something else is described in words.
      return `| ${names} | ${readDefault ? inWords(defaultText) : `\`${defaultText}\``} | ${description} |`;
    },
  );
  return ['| Variable | Default | |', '|---|---|---|', ...rows].join('\n');
}

function inWords(text: string): string {
  return text.replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
