import type { Histogram, HistogramStatistics, HistogramSummary } from "../ports/index.ts";

const WINDOW = 1_024;

/** Keeps the latest 1,024 updates in a ring, and the sum and bounds of all since they were taken. */
export class RingHistogram implements Histogram {
  readonly #ring: number[] = [];
  #count = 0;
  #taken = 0;
  #sum = 0;
  #min = Infinity;
  #max = -Infinity;

  update(value: number): void {
    this.#sum += value;
    if (value < this.#min) this.#min = value;
    if (value > this.#max) this.#max = value;
    if (this.#ring.length < WINDOW) this.#ring.push(value);
    else this.#ring[this.#count % WINDOW] = value;
    this.#count += 1;
  }

  /** Of the updates since the last time; null: there were none. */
  takeSummary(): HistogramSummary | null {
    const count = this.#count - this.#taken;
    if (count === 0) return null;
    const summary = { count, sum: this.#sum, min: this.#min, max: this.#max };
    this.#taken = this.#count;
    this.#sum = 0;
    this.#min = Infinity;
    this.#max = -Infinity;
    return summary;
  }

  get statistics(): HistogramStatistics {
    const sorted = this.#ring.toSorted((left, right) => left - right);
    const at = (quantile: number): number =>
      sorted[Math.max(0, Math.ceil(quantile * sorted.length) - 1)] ?? 0;
    return {
      count: this.#count,
      min: at(0),
      max: at(1),
      mean: sorted.length === 0 ? 0 : sorted.reduce((sum, value) => sum + value, 0) / sorted.length,
      p50: at(0.5),
      p95: at(0.95),
      p99: at(0.99),
    };
  }
}
