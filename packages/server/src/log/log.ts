import type { AuthEvent, Clock } from '@authsvc/core';
import type { FastifyBaseLogger } from 'fastify';
import { pino } from 'pino';
import type { Config } from '../config/config.ts';

/** What moves a terminal's cursor, colours it, ends a line, or turns the text beside it around. */
const UNPRINTABLE = /[\p{Cc}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/gu;

export interface LogStream {
  write(line: string): void;
}

/** One JSON line for each thing that happened: the level by its name, the time in UTC. */
export function createLog(level: Config['logLevel'], stream: LogStream, clock: Clock): FastifyBaseLogger {
  const options = {
    level,
    base: null,
    messageKey: 'message',
    formatters: { level: (label: string) => ({ level: label }) },
    timestamp: () => `,"time":"${new Date(clock.now()).toISOString()}"`,
    serializers: { err: describeError },
  };
  return pino(options, { write: (line) => stream.write(escapeJson(line)) });
}

/** Logs an event. The account is named by its id or digest, never by its address. */
export function logEvent(log: FastifyBaseLogger, event: AuthEvent): void {
  log.info({
    event: event.type,
    user_id: event.userId,
    email_digest: event.emailDigest,
    session_id: event.sessionId,
    address: event.address,
    user_agent: event.userAgent,
    detail: event.detail,
  });
}

/** What a log says of an error: what it is, where it arose, and what caused it. */
function describeError(error: Error): { type: string; message: string; stack: string; [key: string]: unknown } {
  const { name: type, message, stack = '', cause } = error;
  const { code } = error as NodeJS.ErrnoException;
  return { type, code, message, stack, ...(cause instanceof Error && { cause: describeError(cause) }) };
}

/**
 * Untrusted text as it may be stored and shown: control characters and direction marks are
 * replaced.
 */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, '\ufffd');
}

/** JSON that says the same to a program, and does nothing to a terminal. */
function escapeJson(json: string): string {
  return json.replace(UNPRINTABLE, (character) =>
    character === '\n' ? character : `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
