import type { DaemonWarning } from '@authsvc/client/contract';
import { isLoopbackHost } from './network-settings.ts';
import { readSetting, type Setting } from './setting.ts';
import { type SettingValues, settings } from './settings.ts';

/**
 * Says which settings must not be combined, a sentence each with the setting that resolves it.
 * A setting that could not be read is missing from `values`, and what depends on it is skipped.
 */
export function exposureProblems(values: Partial<SettingValues>): string[] {
  const { listenHost, listenPort, metricsAddress, resetDelivery, emailVerification, smtpUrl, mailFolder } = values;
  const problems: string[] = [];
  if (listenHost !== undefined && 'publicUrl' in values && !values.publicUrl && !isLoopbackHost(listenHost)) {
    problems.push(
      `AUTHSVC_LISTEN_HOST ${listenHost} can be reached from other machines: set AUTHSVC_PUBLIC_URL to the address that clients use, such as https://auth.example.com (or http://localhost:4100 for a container whose port is published on this machine alone), or leave AUTHSVC_LISTEN_HOST out to serve this machine only`,
    );
  }
  if (metricsAddress && metricsAddress.port !== 0 && metricsAddress.port === listenPort) {
    problems.push(
      `AUTHSVC_METRICS_ADDRESS ${metricsAddress.port} is the port that clients use: give the metrics a port of their own`,
    );
  }
  if (metricsAddress && 'publicUrl' in values && !values.publicUrl && !isLoopbackHost(metricsAddress.host)) {
    problems.push(
      `AUTHSVC_METRICS_ADDRESS ${metricsAddress.host} can be reached from other machines: set AUTHSVC_PUBLIC_URL to the address that clients use, or name the port alone to serve metrics to this machine only`,
    );
  }
  if (resetDelivery === 'response' && isReachableFromOutside(values)) {
    problems.push(
      'AUTHSVC_RESET_DELIVERY response would hand reset tokens, and with them every account, to anyone who can reach the daemon from outside: set it to smtp (with AUTHSVC_SMTP_URL) or to operator',
    );
  }
  const knowsTransports = 'smtpUrl' in values && 'mailFolder' in values;
  if (resetDelivery === 'smtp' && knowsTransports && smtpUrl === undefined && mailFolder === undefined) {
    problems.push(
      'AUTHSVC_RESET_DELIVERY smtp needs a mail server: set AUTHSVC_SMTP_URL, or AUTHSVC_MAIL_DIR for development',
    );
  }
  if (emailVerification === 'required' && knowsTransports && smtpUrl === undefined && mailFolder === undefined) {
    problems.push(
      'AUTHSVC_EMAIL_VERIFICATION required needs a mail server: set AUTHSVC_SMTP_URL, or AUTHSVC_MAIL_DIR for development; without one, set AUTHSVC_REGISTRATION to invited and print invitations with authsvc users invite',
    );
  }
  if (smtpUrl !== undefined && mailFolder !== undefined) {
    problems.push('AUTHSVC_SMTP_URL and AUTHSVC_MAIL_DIR are both set: a mail goes one way, so leave one out');
  }
  return problems;
}

/** Warnings about settings that are allowed, but risky: logged at every start. */
export function exposureWarnings(values: SettingValues): DaemonWarning[] {
  const { publicUrl, resetDelivery, emailVerification, mailFolder, metricsAddress, pages, smtpUrl } = values;
  const sendsMail = resetDelivery === 'smtp' || emailVerification === 'required';
  const warnings: DaemonWarning[] = [];
  if (publicUrl?.protocol === 'http:') {
    warnings.push({
      event: 'public_url_is_http',
      message:
        'AUTHSVC_PUBLIC_URL is http: passwords and sessions cross the network unencrypted, and cookies are not Secure; use https',
    });
  }
  if (resetDelivery === 'response') {
    warnings.push({
      event: 'reset_delivery_is_response',
      message:
        'reset tokens are handed to anyone who asks for them, which is meant for development: every user of this machine, and anyone behind a proxy that hides itself, can take over any account; AUTHSVC_RESET_DELIVERY changes it',
    });
  }
  if (mailFolder !== undefined && sendsMail) {
    warnings.push({
      event: 'mails_go_to_files',
      message: 'mails are written to files in AUTHSVC_MAIL_DIR instead of being sent',
    });
  }
  const isMailedElsewhere = smtpUrl !== undefined && !isLoopbackHost(new URL(smtpUrl).hostname);
  if (pages === 'on' && publicUrl === undefined && isMailedElsewhere && sendsMail) {
    warnings.push({
      event: 'mail_links_to_loopback',
      message:
        'the links in mails lead to the address on which the daemon listens, which only this machine reaches: set AUTHSVC_PUBLIC_URL, AUTHSVC_PAGES to the address of your own pages, or AUTHSVC_PAGES to off',
    });
  }
  if (metricsAddress && !isLoopbackHost(metricsAddress.host)) {
    warnings.push({
      event: 'metrics_beyond_loopback',
      message:
        'AUTHSVC_METRICS_ADDRESS is not on loopback: anyone who reaches it can read the metrics, unencrypted and without a password; let a firewall admit only the collector',
    });
  }
  return warnings;
}

function isReachableFromOutside({ listenHost, publicUrl }: Partial<SettingValues>): boolean {
  const hosts = [listenHost, publicUrl?.hostname];
  return hosts.some((host) => host !== undefined && !isLoopbackHost(host));
}

/** The settings that protect less when they are smaller, or greater, and what that means. */
const guarded = {
  bcryptCost: { weakerWhen: 'smaller', means: 'a stolen password hash is guessed sooner' },
  passwordMinLength: { weakerWhen: 'smaller', means: 'passwords may be shorter' },
  loginsPerMinute: { weakerWhen: 'greater', means: 'one address can guess at more accounts' },
  registrationsPerMinute: { weakerWhen: 'greater', means: 'one address can make more accounts' },
  resetsPerMinute: { weakerWhen: 'greater', means: 'one address can have more mails sent' },
  sessionIdleSeconds: { weakerWhen: 'greater', means: 'an unused session lives longer' },
  sessionLifetimeSeconds: { weakerWhen: 'greater', means: 'a stolen session lives longer' },
  resetTokenSeconds: { weakerWhen: 'greater', means: 'a reset token can be used for longer' },
  auditRetentionDays: { weakerWhen: 'smaller', means: 'what happened to accounts is forgotten sooner' },
} as const satisfies Partial<Record<keyof SettingValues, { weakerWhen: 'smaller' | 'greater'; means: string }>>;

/** The settings that protect less than their defaults do, a sentence each. */
export function weakenedSettings(values: SettingValues): DaemonWarning[] {
  // The default lifetime of a reset token depends on the delivery that is set.
  const others = { [settings.resetDelivery.name]: values.resetDelivery };
  const keys = Object.keys(guarded) as (keyof typeof guarded)[];
  const weakened = keys.flatMap((key) => {
    const { weakerWhen, means } = guarded[key];
    const setting: Setting<number> = settings[key];
    const usual = readSetting(setting, others);
    const value = values[key];
    const isWeaker = weakerWhen === 'smaller' ? value < usual : value > usual;
    return isWeaker ? [warning(`${setting.name} is ${value} (default ${usual}): ${means}`)] : [];
  });
  const isQuiet = !['trace', 'debug', 'info'].includes(values.logLevel);
  const quiet = warning(`${settings.logLevel.name} is ${values.logLevel}: what happens to accounts is not logged`);
  const { emailVerification, smtpUrl, mailFolder } = values;
  const isUnproven = emailVerification === 'off' && (smtpUrl !== undefined || mailFolder !== undefined);
  const unproven = warning(
    `${settings.emailVerification.name} is off (default required with a mail server): anyone can register another's address`,
  );
  return [...weakened, ...(isUnproven ? [unproven] : []), ...(isQuiet ? [quiet] : [])];
}

function warning(message: string): DaemonWarning {
  return { event: 'setting_weakens', message };
}
