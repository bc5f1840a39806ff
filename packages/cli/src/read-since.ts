import { CliError } from './cli-error.ts';
import { exitStatus } from './exit-status.ts';

const UNITS: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 };
const ISO_8601 =
  /^(\d{4})-(\d\d)-(\d\d)(?:[T ]([01]\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:[.,]\d{1,9})?)?(?:Z|[+-][01]\d:?[0-5]\d)?)?$/i;

/**
 * Reads the value of `--since`: an amount of time before now, or a time in ISO 8601.
 *
 * @returns the time in UTC.
 * @throws {@link CliError} `usage`: neither, or a day that no calendar has, which JavaScript would
 * take for one of the next month.
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
  return new CliError({
    status: exitStatus.usage,
    code: 'usage',
    what: '--since is a time like 30m, 12h, 2d or 2026-11-22T16:40:00Z',
    ...(why !== undefined && { why }),
  });
}
