/**
 * The middle of some figures; between the two middle ones where their number is even.
 *
 * @param {readonly number[]} values
 * @returns {number} NaN of nothing
 */
export function median(values) {
  return percentile(values, 50);
}

/**
 * @param {readonly number[]} values
 * @param {number} percent 0 to 100; between two values, in proportion
 * @returns {number} NaN of nothing
 */
export function percentile(values, percent) {
  const sorted = [...values].sort((a, b) => a - b);
  const place = ((sorted.length - 1) * percent) / 100;
  const below = sorted[Math.floor(place)] ?? Number.NaN;
  const above = sorted[Math.ceil(place)] ?? Number.NaN;
  return below + (above - below) * (place - Math.floor(place));
}

/**
 * How far the ranks of two groups are from what chance gives (Mann-Whitney), in standard
 * deviations: beyond 2.6 once in a hundred times.
 *
 * @param {readonly number[]} one
 * @param {readonly number[]} other
 * @returns {number} above 0 where the first group's values are greater
 */
export function rankDifference(one, other) {
  const sorted = [...one.map((value) => ({ value, isOne: true })), ...other.map((value) => ({ value, isOne: false }))];
  sorted.sort((a, b) => a.value - b.value);
  const rankSum = sorted.reduce((sum, { isOne }, index) => sum + (isOne ? index + 1 : 0), 0);
  const [n, m] = [one.length, other.length];
  const wins = rankSum - (n * (n + 1)) / 2;
  return (wins - (n * m) / 2) / Math.sqrt((n * m * (n + m + 1)) / 12);
}

/**
 * How one party did against another: the median of the rounds' ratios, because a round measures the
 * two right after each other, and a machine that slows down meanwhile slows both.
 *
 * @param {readonly number[]} values one a round
 * @param {readonly number[]} others the same rounds
 * @returns {number}
 */
export function ratio(values, others) {
  return median(values.map((value, round) => value / (others[round] ?? Number.NaN)));
}
