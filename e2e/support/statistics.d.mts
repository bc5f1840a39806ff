export function median(values: readonly number[]): number;
export function percentile(values: readonly number[], percent: number): number;
export function ratio(values: readonly number[], others: readonly number[]): number;
