/** How many values fell up to each bound, and their sum: made to be filled on the way of every request, and read once in a while. */
export class Histogram {
  /** Rising; what lies above the last one is counted behind it. */
  readonly bounds: readonly number[];
  /** One more than there are bounds, each without those before it. */
  readonly counts: Float64Array;
  sum = 0;

  constructor(bounds: readonly number[]) {
    this.bounds = bounds;
    this.counts = new Float64Array(bounds.length + 1);
  }

  observe(value: number): void {
    const { bounds, counts } = this;
    let index = 0;
    // Nearly every value is among the first few.
    while (index < bounds.length && value > (bounds[index] as number)) index += 1;
    counts[index] = (counts[index] as number) + 1;
    this.sum += value;
  }
}
