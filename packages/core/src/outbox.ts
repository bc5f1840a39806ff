const FIRST_RETRY_MS = 30_000;
export const MAIL_MAX_ATTEMPTS = 6;

/**
 * When a mail that is being tried for the nth time is tried again, should nothing be heard of it: 30 s later, then 1, 2, 4, 8 minutes. Longer than a try can last, so that a mail that
 * is being sent is not sent twice.
 */
export function nextMailAttemptAt(attempt: number, nowMs: number): number {
  return nowMs + FIRST_RETRY_MS * 2 ** (attempt - 1);
}
