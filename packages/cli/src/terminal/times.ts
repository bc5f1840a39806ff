import { type CliError, usageError } from '../errors.ts';

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** When a session expires, counted from now; `null` if the service did not say. */
export function expiryFrom(nowMs: number, lifetimeSeconds: number | undefined): string | null {
  if (lifetimeSeconds === undefined) return null;
  // Without fractions, as in `2026-12-22T16:40:00Z`.
  return `${new Date(nowMs + lifetimeSeconds * 1000).toISOString().slice(0, 19)}Z`;
}

/** `expires 2026-12-22 16:40`, in local time. */
export function describeExpiryDate(expiresAt: string | null): string {
  return expiresAt === null ? 'the server did not say when it expires' : `expires ${describeDate(expiresAt)}`;
}

/** `2026-12-22 16:40`, in local time. */
export function describeDate(iso: string): string {
  return formatLocalTime(new Date(iso)).slice(0, 16);
}

/** `2026-12-22 16:40:07`, in local time. */
export function formatLocalTime(date: Date): string {
  const two = (value: number) => String(value).padStart(2, '0');
  const day = [date.getFullYear(), two(date.getMonth() + 1), two(date.getDate())].join('-');
  return `${day} ${[date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(':')}`;
}

/** How long ago something was: `3 hours ago`, or `now` within two minutes. */
export function describeTimeSince(time: string, nowMs: number): string {
  const seconds = Math.round((nowMs - Date.parse(time)) / 1000);
  return seconds < 2 * MINUTE ? 'now' : `${describeDuration(seconds)} ago`;
}

/** `expires in 30 days` */
export function describeTimeLeft(expiresAt: string | null, nowMs: number): string {
  if (expiresAt === null) return 'expiry unknown';
  const seconds = Math.round((Date.parse(expiresAt) - nowMs) / 1000);
  return seconds <= 0 ? 'expired' : `expires in ${describeDuration(seconds)}`;
}

/** In the largest unit of which it has at least two. */
function describeDuration(seconds: number): string {
  if (seconds < 2 * MINUTE) return count(seconds, 1, 'second');
  if (seconds < 2 * HOUR) return count(seconds, MINUTE, 'minute');
  if (seconds < 2 * DAY) return count(seconds, HOUR, 'hour');
  return count(seconds, DAY, 'day');
}

function count(seconds: number, unit: number, name: string): string {
  const whole = Math.round(seconds / unit);
  return `${whole} ${name}${whole === 1 ? '' : 's'}`;
}

const UNITS: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 };
const ISO_8601 =
  /^(\d{4})-(\d\d)-(\d\d)(?:[T ]([01]\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:[.,]\d{1,9})?)?(?:Z|[+-][01]\d:?[0-5]\d)?)?$/i;

/**
 * Parse the value of `--since`: an amount of time before now, or a time in ISO 8601.
 *
 * @returns the time in UTC.
 * @throws {@link CliError} `usage`: neither, or a date that does not exist, which JavaScript would
 * read as one of the next month.
 */
export function readSince(text: string, nowMs: number): string {
  const [, amount, unit = ''] = /^(\d{1,6})([mhd])$/.exec(text) ?? [];
  if (amount !== undefined) return new Date(Math.max(0, nowMs - Number(amount) * (UNITS[unit] ?? 0))).toISOString();
  const [iso, year = '', month = '', day = ''] = ISO_8601.exec(text) ?? [];
  if (iso === undefined) throw notATime();
  const days = new Date(Date.UTC(Number(year), Number(month), 0)).getUTCDate();
  if (Number(month) < 1 || Number(month) > 12) throw notATime(`There is no month ${month}.`);
  if (Number(day) < 1 || Number(day) > days) throw notATime(`${year}-${month} has ${days} days.`);
  const time = Date.parse(text.replace(',', '.'));
  if (Number.isNaN(time)) throw notATime();
  return new Date(time).toISOString();
}

function notATime(why?: string): CliError {
  return usageError('--since is a time like 30m, 12h, 2d or 2026-11-22T16:40:00Z', { why });
}
