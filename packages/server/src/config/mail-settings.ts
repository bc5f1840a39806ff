import type { ResetDelivery } from '@authsvc/core';
import { isLoopbackHost } from './network-settings.ts';
import { type Environment, isGiven, quote, SettingProblem } from './setting.ts';

const RESPONSE_TOKEN_SECONDS = 600;
const CARRIED_TOKEN_SECONDS = 1800;

/** `smtp` with a mail server, `response` on a developer's machine, and otherwise `operator`. */
export function defaultResetDelivery(env: Environment): ResetDelivery {
  if (canSendMail(env)) return 'smtp';
  const isExposed = isGiven(env, 'AUTHSVC_PUBLIC_URL') || !isLoopbackHost(env.AUTHSVC_LISTEN_HOST || 'localhost');
  return isExposed ? 'operator' : 'response';
}

/** Addresses are proven wherever mails can be sent. */
export function defaultEmailVerification(env: Environment): 'off' | 'required' {
  return canSendMail(env) ? 'required' : 'off';
}

function canSendMail(env: Environment): boolean {
  return isGiven(env, 'AUTHSVC_SMTP_URL') || isGiven(env, 'AUTHSVC_MAIL_DIR');
}

/** A token that a mail or a person delivers arrives later than one in a response. */
export function defaultResetTokenSeconds(env: Environment): number {
  const delivery = env.AUTHSVC_RESET_DELIVERY || defaultResetDelivery(env);
  return delivery === 'response' ? RESPONSE_TOKEN_SECONDS : CARRIED_TOKEN_SECONDS;
}

/** Reads the address of a mail server. The text is never repeated: it may hold a password. */
export function readSmtpUrl(text: string): string | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^smtps?:$/.test(url.protocol) || url.hostname === '') {
    throw new SettingProblem('must be smtp://user:password@host:port, or smtps:// for TLS from the first byte');
  }
  if (!/^\/?$/.test(url.pathname) || /[?#]/.test(text)) {
    throw new SettingProblem('must end after the host and port; a / ? or # in the password is percent-encoded');
  }
  try {
    decodeURIComponent(`${url.username}${url.password}`);
  } catch (cause) {
    throw new SettingProblem('holds a % that is not percent-encoded: write %25', { cause });
  }
  return text;
}

/** Reads a sender: an address, or a name and an address in angle brackets. */
export function readMailFrom(text: string): string {
  const [, bare, bracketed] = /^(?:([^\s<>@]+@[^\s<>@]+)|[^<>\p{Cc}]*<([^\s<>@]+@[^\s<>@]+)>)$/u.exec(text) ?? [];
  if (bare ?? bracketed) return text;
  throw new SettingProblem(
    `must be an address, such as auth@example.com or Example <auth@example.com>, not ${quote(text)}`,
  );
}

/** The public URL's host where that is a name. */
export function defaultMailFrom(env: Environment): string {
  const text = env.AUTHSVC_PUBLIC_URL ?? '';
  const host = URL.canParse(text) ? new URL(text).hostname : '';
  return `authsvc@${/[a-z]$/i.test(host) ? host : 'localhost'}`;
}
