import type {
  Counter,
  Gauge,
  Histogram,
  HistogramStatistics,
  MetricGroup,
} from "../ports/index.ts";

class SumCounter implements Counter {
  #count = 0;

  get count(): number {
    return this.#count;
  }

  inc(by = 1): void {
    this.#count += by;
  }
}

const WINDOW = 1_024;

/** Keeps the latest 1,024 updates in a ring. */
class RingHistogram implements Histogram {
  readonly #ring: number[] = [];
  #count = 0;

  update(value: number): void {
    if (this.#ring.length < WINDOW) this.#ring.push(value);
    else this.#ring[this.#count % WINDOW] = value;
    this.#count += 1;
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

/** Metrics by name, e.g. `hourly.0.numLateRecordsDropped`. The same name gives the same metric. */
export class MetricRegistry implements MetricGroup {
  readonly #prefix: string;
  readonly #metrics: Map<string, Counter | Histogram | Gauge>;

  constructor(prefix = "", metrics: Map<string, Counter | Histogram | Gauge> = new Map()) {
    this.#prefix = prefix;
    this.#metrics = metrics;
  }

  counter(name: string): Counter {
    const existing = this.#metrics.get(this.#prefix + name);
    if (existing instanceof SumCounter) return existing;
    const counter = new SumCounter();
    this.#metrics.set(this.#prefix + name, counter);
    return counter;
  }

  gauge(name: string, gauge: Gauge): void {
    this.#metrics.set(this.#prefix + name, gauge);
  }

  histogram(name: string): Histogram {
    const existing = this.#metrics.get(this.#prefix + name);
    if (existing instanceof RingHistogram) return existing;
    const histogram = new RingHistogram();
    this.#metrics.set(this.#prefix + name, histogram);
    return histogram;
  }

  addGroup(name: string): MetricGroup {
    return new MetricRegistry(`${this.#prefix}${name}.`, this.#metrics);
  }

  /** All values now: counters and gauges as numbers, histograms as their statistics. */
  read(): Readonly<Record<string, number | HistogramStatistics>> {
    const values: Record<string, number | HistogramStatistics> = {};
    for (const [name, metric] of this.#metrics) {
      if (typeof metric === "function") values[name] = metric();
      else
        values[name] =
          metric instanceof SumCounter ? metric.count : (metric as Histogram).statistics;
    }
    return values;
  }
}
